/**
 * The shape of `dolphin.yaml` and its defaults. Every key can be overridden by an environment
 * variable: `hazelcast.address` by DOLPHIN_HAZELCAST_ADDRESS.
 * Temporal's address, namespace and credentials are not here: they come from Temporal's own
 * environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, its TOML file).
 */
import { z } from "zod";
import { POSTURES } from "../domain/trading/posture.ts";

const port = z.number().int().min(0).max(65_535);
const bps = z.number().min(0).max(1_000);
const share = z.number().positive().max(1);
/** Bounded: a timer of more than 24.8 days fires at once. */
const seconds = z.number().positive().max(86_400);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "must be a day such as 2026-03-25");

const capital = z.number().positive().max(1e12);
const parameters = z.record(z.string(), z.union([z.number(), z.boolean(), z.string()]));
const fill = z.enum(["same_scan", "next_scan", "latency"]);
const limits = z.strictObject({
  /** Null: the book's capital. */
  position_notional_max: z.number().positive().nullable().default(null),
  gross_notional_max: z.number().positive().nullable().default(null),
  positions_max: z.number().int().min(1).max(64).default(1),
  entries_per_minute_max: z.number().int().min(1).default(10),
  daily_loss_max: share.default(0.05),
  drawdown_max: share.default(0.2),
});

/** A name without a folder and without an ending is a built-in strategy's. */
export function isStrategyFile(named: string): boolean {
  return /[/.]/.test(named);
}

export const Configuration = z.strictObject({
  /** Everything that DOLPHIN writes lies below it. Relative to the file that names it. */
  data_dir: z.string().min(1).default(".dolphin"),
  /** The scan archive; null: `arrow_scans` in the data directory. */
  archive: z.string().min(1).nullable().default(null),
  hazelcast: z
    .strictObject({
      address: z
        .string()
        .regex(/^[^\s:]+:\d+$/, "must be host:port")
        .default("127.0.0.1:5701"),
      cluster: z.string().min(1).default("dolphin"),
      /** Own deadline of every call. */
      deadline_ms: z.number().min(10).max(60_000).default(2_000),
      /** Heap of the embedded member. */
      heap_mb: z.number().int().min(128).max(65_536).default(512),
    })
    .prefault({}),
  ports: z
    .strictObject({
      hazelcast: port.default(5_701),
      temporal: port.default(7_233),
      temporal_ui: port.default(8_233),
      dashboard: port.default(8_080),
      metrics: port.default(9_464),
    })
    .prefault({}),
  scan_bridge: z
    .strictObject({
      /** First day taken at a first start without a checkpoint; null: the newest day. */
      since: day.nullable().default(null),
      /** `auto`: inotify where the file system gives events; `poll`: listing only. */
      watch: z.enum(["auto", "poll"]).default("auto"),
      /** Whether a backlog sets latest_eigen_scan once a batch or for every scan. */
      backlog_latest: z.enum(["batch", "every"]).default("batch"),
      /** Seconds between listings when idle. */
      reconcile_s: seconds.max(10).default(5),
    })
    .prefault({}),
  trader: z
    .strictObject({
      /** Cash of a book that has no journal yet. */
      capital: capital.default(100_000),
      /** A built-in one, or the file of one's own, relative to the file that names it. */
      strategy: z.string().min(1).default("velocity-divergence"),
      /** The strategy's own, such as `threshold: 0.03`; `preset` names a set of them. */
      parameters: parameters.default({}),
      /** There is no live one yet. */
      broker: z.literal("paper").default("paper"),
      /** When a paper order fills; with `latency` after `fill_latency_ms`. */
      fill: fill.default("next_scan"),
      fill_latency_ms: z.number().min(0).max(600_000).default(0),
      fee_bps: bps.default(4),
      slippage_bps: bps.default(2),
      /** Decides which paper orders are rejected or filled in parts. */
      seed: z.number().int().default(1),
      partial_share: z.number().min(0).max(1).default(0),
      reject_share: z.number().min(0).max(1).default(0),
      limits: limits.prefault({}),
      /** How old a declared input may be for an entry; features of a strategy's own by their names. */
      age_budgets_s: z
        .object({ scan: seconds.default(30), posture: seconds.default(30) })
        .catchall(seconds)
        .prefault({}),
      /** By asset: rounding and smallest size; an asset that is not named is not rounded. */
      instruments: z
        .record(
          z.string(),
          z.strictObject({
            quote_currency: z.string().min(1).default("USDT"),
            tick: z.number().positive(),
            lot: z.number().positive(),
            minimum_notional: z.number().min(0).default(0),
          }),
        )
        .default({}),
      /** Events between snapshots of the state: what a start folds at most. */
      snapshot_events: z.number().int().min(1).max(1_000_000).default(5_000),
    })
    .prefault({}),
  /** What is kept of the trading journal, and where a second copy of it goes. */
  journal: z
    .strictObject({
      /** Days of BLUE's log; null keeps all. A day that is not told, or still to be read, stays. */
      keep_days: z.number().int().min(2).max(36_500).nullable().default(null),
      /** URL of a Postgres that gets a copy of BLUE's log; named a secret, as it may hold a password. */
      postgres_secret_url: z.string().min(1).nullable().default(null),
    })
    .prefault({}),
  /** The book that runs beside BLUE on the same events. What is null is as `trader` has it. */
  green: z
    .strictObject({
      capital: capital.nullable().default(null),
      strategy: z.string().min(1).nullable().default(null),
      /** What is not named is as `trader` has it, or for another strategy that one's default. */
      parameters: parameters.nullable().default(null),
      fill: fill.nullable().default(null),
      fee_bps: bps.nullable().default(null),
      slippage_bps: bps.nullable().default(null),
      seed: z.number().int().nullable().default(null),
      partial_share: z.number().min(0).max(1).nullable().default(null),
      reject_share: z.number().min(0).max(1).nullable().default(null),
      /** Replaced as a whole: a limit that is not named has its default. */
      limits: limits.nullable().default(null),
    })
    .prefault({}),
  safety: z
    .strictObject({
      /** What `dolphin up --demo` publishes until a watchdog does, marked `source: static`. */
      posture: z.enum(POSTURES).default("APEX"),
    })
    .prefault({}),
  supervision: z
    .strictObject({
      restarts_max: z.number().int().min(1).max(10_000).default(3),
      window_s: seconds.default(600),
      delays_s: z.array(z.number().min(0).max(3_600)).min(1).max(20).default([0, 5, 20]),
      fatal_retry_s: seconds.default(300),
      /** Unanswered seconds after which the supervisor describes its run. */
      news_s: seconds.default(30),
      health_check_s: seconds.default(30),
    })
    .prefault({}),
  simulator: z
    .strictObject({
      assets: z.number().int().min(2).max(10_000).default(50),
      rate: z.number().positive().max(1_000).default(2),
      seed: z.number().int().default(1),
      /**
       * Scans that `dolphin up --demo` writes at once into an empty archive. Some 370 fill all windows;
       * after this many the default seed has a minute with trades.
       */
      backlog: z.number().int().min(0).max(10_000).default(930),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
      rotate_mb: z.number().min(0.01).max(10_000).default(50),
      rotate_files: z.number().int().min(1).max(100).default(10),
    })
    .prefault({}),
});
export type Configuration = z.infer<typeof Configuration>;
