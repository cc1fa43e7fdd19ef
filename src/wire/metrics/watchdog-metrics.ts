/** The watchdog's state and counters as metrics; the counters restart with its process. */
import { POSTURES } from "../../domain/trading/posture.ts";
import type { SafetyView } from "../safety/safety-control.ts";
import type {
  ChannelFigures,
  DeliveryFigures,
  PostureFigures,
} from "../safety/watchdog-figures.ts";
import type { Metric, Sample } from "./exposition.ts";
import { counter, gauge, single } from "./families.ts";

const MS_PER_S = 1_000;

/** No samples where there never was a watchdog. */
export function watchdogMetrics(safety: SafetyView | "silent" | null): readonly Metric[] {
  if (safety === null) return [];
  const up = single(
    "dolphin_watchdog_up",
    "Whether the watchdog answers.",
    safety === "silent" ? 0 : 1,
  );
  if (safety === "silent") return [up];
  const { figures } = safety;
  return [
    up,
    single(
      "dolphin_watchdog_start_time_seconds",
      "Start of the watchdog's process.",
      Date.parse(safety.started_at) / MS_PER_S,
    ),
    gauge(
      "dolphin_safety_posture",
      "1 for the posture that the watchdog publishes, 0 for the others.",
      POSTURES.map((posture) => ({
        labels: { posture },
        value: safety.posture === posture ? 1 : 0,
      })),
    ),
    single(
      "dolphin_safety_entries",
      "Whether the watchdog allows entries.",
      safety.entries === "go" ? 1 : 0,
    ),
    single(
      "dolphin_safety_latched",
      "Whether trading is stopped until an operator resumes it.",
      safety.latch === null ? 0 : 1,
    ),
    ...(figures === undefined ? [] : postureMetrics(figures.posture)),
    ...(figures?.delivery == null ? [] : deliveryMetrics(figures.delivery)),
  ];
}

function postureMetrics(posture: PostureFigures): readonly Metric[] {
  return [
    counter(
      "dolphin_watchdog_rounds_total",
      "Rounds in which the watchdog checked everything.",
      plain(posture.rounds),
    ),
    counter(
      "dolphin_watchdog_rounds_failed_total",
      "Rounds that failed.",
      plain(posture.rounds_failed),
    ),
    counter(
      "dolphin_watchdog_trader_silent_total",
      "Rounds in which the trader did not answer.",
      plain(posture.trader_silent),
    ),
    counter(
      "dolphin_watchdog_publications_total",
      "Postures published in Hazelcast.",
      by("result", { ok: posture.published, failed: posture.publish_failed }),
    ),
    counter(
      "dolphin_safety_posture_changes_total",
      "Changes of the posture.",
      by("direction", { fall: posture.falls, rise: posture.rises }),
    ),
    counter(
      "dolphin_safety_stops_total",
      "Stops of trading, by the watchdog and by operators.",
      plain(posture.stops),
    ),
  ];
}

function plain(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function by(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

const RESULTS = ["delivered", "failed", "given_up"] as const;

function deliveryMetrics({
  runs,
  restarts,
  hanging,
  channels,
}: DeliveryFigures): readonly Metric[] {
  const all: readonly (readonly [string, ChannelFigures])[] = Object.entries(channels);
  return [
    single("dolphin_alert_delivery_up", "Whether the delivery thread runs.", runs ? 1 : 0),
    counter("dolphin_alert_delivery_restarts_total", "Restarts of the delivery thread.", [
      { labels: {}, value: restarts },
    ]),
    single("dolphin_alert_delivery_hanging", "Delivery threads that could not be ended.", hanging),
    counter(
      "dolphin_alert_attempts_total",
      "Attempts to notify a channel, by outcome.",
      all.flatMap(([channel, counts]) =>
        RESULTS.map((result) => ({ labels: { channel, result }, value: counts[result] })),
      ),
    ),
    gauge(
      "dolphin_alert_breaker_open",
      "Whether attempts on a channel are suspended after consecutive failures.",
      all.map(([channel, { is_open }]) => ({ labels: { channel }, value: is_open ? 1 : 0 })),
    ),
  ];
}
