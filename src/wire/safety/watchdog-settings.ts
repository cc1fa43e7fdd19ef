/**
 * The settings of the watchdog's process: a JSON file beside its state. It holds no secret, and the process
 * that reads it loads no schema package, to stay small.
 */
import { POSTURE_RULES, type PostureRules } from "../../domain/safety/posture-rules.ts";
import type { Setup } from "../../domain/incidents/draft.ts";
import { SERVICES, traderOf } from "../../domain/supervision/services.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import type { ChannelSettings } from "../alerts/channel-settings.ts";
import { rulesFrom } from "../alerts/rule-settings.ts";
import type { Configuration } from "../configuration.ts";
import { configuredServices } from "../declared/configured-services.ts";

export type WatchdogSettings = {
  readonly version: 1;
  readonly data_dir: string;
  readonly hazelcast: Pick<Configuration["hazelcast"], "address" | "cluster" | "prefix">;
  readonly book: string;
  /** The service that trades the book. A trader that should not run and does not answer is not reported. */
  readonly trader: { readonly service: string; readonly isWanted: boolean };
  /** Whether a health report is expected. */
  readonly isHealthWanted: boolean;
  /** First posture on a data directory in which nothing was traded yet. */
  readonly initial: Posture;
  readonly rules: PostureRules;
  /** Reference to the URL of an external dead man's switch, and the interval of its requests; null: none. */
  readonly heartbeat: {
    readonly url: { readonly env?: string; readonly file?: string };
    readonly everyMs: number;
  } | null;
  readonly alerts: AlertSettings;
};

export type AlertSettings = Setup & {
  /** How to reach each channel; secrets by reference. */
  readonly reach: Readonly<Record<string, ChannelSettings>>;
  readonly books: readonly { readonly book: string; readonly service: string }[];
};

export function watchdogSettings(config: Configuration & { data_dir: string }): WatchdogSettings {
  const { address, cluster, prefix } = config.hazelcast;
  const { safety, trader } = config;
  const services = Object.values(configuredServices(config));
  const isWanted = (name: string) => services.some((spec) => spec.name === name && spec.autostart);
  const { name: service } = traderOf(COUNTED_BOOK);
  const { limits } = trader;
  return {
    version: 1,
    data_dir: config.data_dir,
    hazelcast: { address, cluster, prefix },
    book: COUNTED_BOOK,
    trader: { service, isWanted: isWanted(service) },
    isHealthWanted: isWanted(SERVICES.health.name),
    initial: safety.posture ?? "TURTLE",
    rules: {
      ...POSTURE_RULES,
      drawdownMax: safety.drawdown_max ?? limits.drawdown_max,
      dailyLossMax: safety.daily_loss_max ?? limits.daily_loss_max,
      stableMs: safety.stable_s * MS_PER_SECOND,
    },
    heartbeat: heartbeatOf(config),
    alerts: alertsOf(config),
  };
}

function heartbeatOf({ alerts }: Configuration): WatchdogSettings["heartbeat"] {
  const { heartbeat_url_env: env, heartbeat_url_file: file, heartbeat_s } = alerts;
  const everyMs = heartbeat_s * MS_PER_SECOND;
  if (file !== null) return { url: { file }, everyMs };
  return env === null ? null : { url: { env }, everyMs };
}

function alertsOf(config: Configuration): AlertSettings {
  const { channels, rules } = config.alerts;
  const services = Object.values(configuredServices(config));
  return {
    rules: rulesFrom(rules),
    channels: Object.entries(channels).map(([name, { teams, severity_min }]) => ({
      name,
      teams,
      severityMin: severity_min,
    })),
    reach: channels,
    books: services.flatMap(({ name: service, role, book, autostart }) =>
      role === "trader" && book !== null && autostart ? [{ book, service }] : [],
    ),
  };
}
