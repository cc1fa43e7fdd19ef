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
export function watchdogMetrics(told: SafetyView | "silent" | null): readonly Metric[] {
  if (told === null) return [];
  const up = single(
    "dolphin_watchdog_up",
    "Whether the watchdog answers.",
    told === "silent" ? 0 : 1,
  );
  if (told === "silent") return [up];
  const { figures } = told;
  return [
    up,
    single(
      "dolphin_watchdog_start_time_seconds",
      "When its process began.",
      Date.parse(told.started_at) / MS_PER_S,
    ),
    gauge(
      "dolphin_safety_posture",
      "1 for the posture that the watchdog tells, 0 for the others.",
      POSTURES.map((posture) => ({
        labels: { posture },
        value: told.posture === posture ? 1 : 0,
      })),
    ),
    single(
      "dolphin_safety_entries",
      "Whether the watchdog lets entries be made.",
      told.entries === "go" ? 1 : 0,
    ),
    single(
      "dolphin_safety_latched",
      "Whether a stop for safety holds until an operator resumes.",
      told.latch === null ? 0 : 1,
    ),
    ...(figures === undefined ? [] : postureMetrics(figures.posture)),
    ...(figures?.delivery == null ? [] : deliveryMetrics(figures.delivery)),
  ];
}

function postureMetrics(told: PostureFigures): readonly Metric[] {
  return [
    counter("dolphin_watchdog_rounds_total", "Looks at everything.", plain(told.rounds)),
    counter(
      "dolphin_watchdog_rounds_failed_total",
      "Looks that failed.",
      plain(told.rounds_failed),
    ),
    counter(
      "dolphin_watchdog_trader_silent_total",
      "Looks at which the trader did not answer.",
      plain(told.trader_silent),
    ),
    counter(
      "dolphin_watchdog_publications_total",
      "Postures told to Hazelcast.",
      by("result", { ok: told.published, failed: told.publish_failed }),
    ),
    counter(
      "dolphin_safety_posture_changes_total",
      "Steps of the posture.",
      by("direction", { fall: told.falls, rise: told.rises }),
    ),
    counter(
      "dolphin_safety_stops_total",
      "Stops for safety, the watchdog's and operators'.",
      plain(told.stops),
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
    single("dolphin_alert_delivery_up", "Whether the thread of delivery runs.", runs ? 1 : 0),
    counter("dolphin_alert_delivery_restarts_total", "Of that thread.", [
      { labels: {}, value: restarts },
    ]),
    single("dolphin_alert_delivery_hanging", "Threads that the kernel holds.", hanging),
    counter(
      "dolphin_alert_attempts_total",
      "Attempts to tell a channel, by what came of them.",
      all.flatMap(([channel, counts]) =>
        RESULTS.map((result) => ({ labels: { channel, result }, value: counts[result] })),
      ),
    ),
    gauge(
      "dolphin_alert_breaker_open",
      "Whether a channel is left alone after failures in a row.",
      all.map(([channel, { is_open }]) => ({ labels: { channel }, value: is_open ? 1 : 0 })),
    ),
  ];
}
