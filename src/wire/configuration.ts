/**
 * The shape of `dolphin.yaml` and its defaults. Every key can be overridden by an environment
 * variable: `hazelcast.address` by DOLPHIN_HAZELCAST_ADDRESS.
 * Temporal's address, namespace and credentials are not here: they come from Temporal's own
 * environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, its TOML file).
 */
import { z } from "zod";
import { orderBookSettings } from "./order-book/order-book-settings.ts";
import { RECOVERY_POLICY, type RecoveryPolicy } from "../domain/health/recovery-rules.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import { MS_PER_SECOND } from "../domain/time.ts";
import { BOOKS, COUNTED_BOOK } from "../domain/trading/books.ts";
import { SCHEDULE_NAMES } from "../domain/supervision/declared/schedules.ts";
import { POSTURES } from "../domain/trading/posture.ts";
import { alertSettings } from "./alerts/channel-settings.ts";
import { HazelcastSettings } from "./servers/hazelcast-settings.ts";
import { metricsSettings, tracingSettings } from "./metrics/telemetry-settings.ts";

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
  /** How far a price may be off the asset's last marks for an entry, a share of them; left out: it is not judged. */
  price_collar: share.optional(),
});

/** What is not named is as the table of services has it. */
const service = z.strictObject({
  /** False: stopped, and no command starts it. */
  enabled: z.boolean().optional(),
  /** Whether it is started when its supervisor is new, or when this changes. */
  autostart: z.boolean().optional(),
  /** Of its restart budget; default: `supervision.restarts_max`. */
  restarts_max: z.number().int().min(1).max(10_000).optional(),
  /** Hard caps, where the machine allows: ARCHITECTURE.md says how. */
  memory_max_mb: z.number().int().min(64).max(1_048_576).optional(),
  cpu_max_percent: z.number().int().min(1).max(100_000).optional(),
  tasks_max: z.number().int().min(16).max(100_000).optional(),
});
const schedule = z.strictObject({
  /** False: paused by us. */
  enabled: z.boolean().optional(),
  /** UTC, each day. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of the UTC day such as '00:20'")
    .optional(),
  /** A time that was missed because the server was away is made up for within these hours. */
  catchup_h: z.number().min(0.01).max(720).optional(),
});
/** For the service that decides for the book; `services` goes before it. */
const book = z.strictObject({
  enabled: z.boolean().optional(),
  autostart: z.boolean().optional(),
});

/** What is not named is as the indicator's own file has it. */
const indicator = z.strictObject({
  /** Ours by its name, or the file of one's own, relative to the file that names it; default: by the key. */
  kind: z
    .string()
    .regex(
      /^[a-z][a-z0-9_]*$|[/.]/,
      "must be a kind such as 'funding', or a file such as './tide.ts'",
    )
    .optional(),
  enabled: z.boolean().optional(),
  url: z
    .string()
    .regex(/^https?:\/\/[^\s?#]+$/, "must be an address such as https://fapi.binance.com")
    .optional(),
  /** The first one's value is the indicator's own. */
  symbols: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, "must be a symbol such as BTCUSDT"))
    .min(1)
    .max(50)
    .optional(),
  every_s: seconds.min(1).optional(),
  /** By `as_of`: older than this is a warning, and older than `stale_s` is stale. */
  warn_s: z.number().positive().max(31_536_000).optional(),
  stale_s: z.number().positive().max(31_536_000).optional(),
});

const leverage = z.number().min(1).max(1_000);
const maintenance = z.number().min(0).max(0.5);
const yearly = z.number().min(0).max(10);
const margin = z.strictObject({
  /** `cross`: all that the book has stands for all positions; `isolated`: each position's own margin. */
  mode: z.enum(["cross", "isolated"]).default("cross"),
  /** The initial margin of an entry is its notional over this; what is held is bounded by `limits`. */
  leverage: leverage.default(20),
  /** Below this share of the notional at the mark a position is liquidated. */
  maintenance_margin_rate: maintenance.default(0.005),
  /** Of the notional; never more than what is left. */
  liquidation_fee_rate: z.number().min(0).max(0.5).default(0.005),
  /** Of what is borrowed: the whole of a short, and of longs what the cash does not pay. */
  borrow_rate_per_year: yearly.default(0),
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
  hazelcast: HazelcastSettings.prefault({}),
  /** Of the embedded server; the address of another one is not here, see above. */
  temporal: z
    .strictObject({
      /** Hours for which its database keeps closed workflows and their histories. */
      retention_h: z.number().int().min(1).max(876_000).default(24),
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
      /** Days that the journal knows, by the newest scan; null keeps all. Older files are not ours any more. */
      keep_days: z.number().int().min(7).max(36_500).nullable().default(400),
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
      /** How old a declared input may be for an entry; what is not named is as its feed's row has it. */
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
            /** In place of those of `margin`. */
            leverage: leverage.optional(),
            maintenance_margin_rate: maintenance.optional(),
            borrow_rate_per_year: yearly.optional(),
          }),
        )
        .default({}),
      /**
       * A position is written off when scans came without a price of its asset for this long; null: never.
       * Times without scans, and scans without any price, do not count.
       */
      delisted_after_s: z.number().positive().max(31_536_000).nullable().default(86_400),
      /** Share of the last mark that a long position is written off at; a short one pays as much more. */
      delisted_at: z.number().min(0).max(1).default(1),
      /**
       * How far scans may be off the clock alike, ahead or behind, for it to be taken off their age; null: it
       * is not measured, and no exit is judged at a scan that is over its budget.
       */
      scan_offset_max_s: z.number().min(0).max(3_600).nullable().default(60),
      /** What is asked of borrowed money, as a venue does; null: nothing, and nothing is liquidated. */
      margin: margin.nullable().prefault({}),
      /** Events between snapshots of the state: what a start folds at most. */
      snapshot_events: z.number().int().min(1).max(1_000_000).default(5_000),
    })
    .prefault({}),
  /** What is kept of the trading journal, and where a second copy of it goes. */
  journal: z
    .strictObject({
      /**
       * Days of BLUE's log; null keeps all; `usual`: 90, and what goes is told a day before. A day that is
       * not told to its session, or still to be read, stays.
       */
      keep_days: z
        .union([z.number().int().min(2).max(36_500), z.literal("usual")])
        .nullable()
        .default("usual"),
      /** URL of a Postgres that gets a copy of BLUE's log; named a secret, as it may hold a password. */
      postgres_secret_url: z.string().min(1).nullable().default(null),
    })
    .prefault({}),
  /**
   * What the traders hear beside scans and posture, by the keys in Hazelcast, such as `exf_funding`. What
   * is not named is not listened to.
   */
  feeds: z.array(z.string().min(1).max(100)).max(64).default([]),
  /** What is read on a schedule, and told as `exf_<name>`: `dolphin create` makes a schedule of each. */
  indicators: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, "must be a name such as fear_greed"),
      indicator,
    )
    .refine((all) => Object.keys(all).length <= 24, "must be at most 24 indicators")
    .default({}),
  order_book: orderBookSettings,
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
      /**
       * What the watchdog begins with where nothing was traded yet. Without a watchdog the paper trader
       * publishes it, marked `source: static`; null: nothing, and without a watchdog no entry.
       */
      posture: z.enum(POSTURES).nullable().default("APEX"),
      /** A process of its own that decides how much may be risked: a child of `up`, or `dolphin watchdog`. */
      watchdog: z.boolean().default(true),
      /** Shares of the equity at which it stops trading; null: the book's own limits. */
      drawdown_max: share.nullable().default(null),
      daily_loss_max: share.nullable().default(null),
      /** Seconds without a bad reading for one step up. */
      stable_s: seconds.default(300),
    })
    .prefault({}),
  /** What `dolphin create` and `dolphin up` bring the running system to; by service. */
  services: z.partialRecord(z.enum(SERVICE_NAMES), service).default({}),
  /** By schedule. */
  schedules: z.partialRecord(z.enum(SCHEDULE_NAMES), schedule).default({}),
  books: z
    .partialRecord(z.enum(BOOKS), book)
    .refine(
      (books) =>
        books[COUNTED_BOOK]?.enabled !== false ||
        BOOKS.every((name) => books[name]?.enabled === false),
      `no other book runs without ${COUNTED_BOOK}: they follow its log; disable them, too`,
    )
    .default({}),
  supervision: z
    .strictObject({
      restarts_max: z.number().int().min(1).max(10_000).default(3),
      window_s: seconds.default(600),
      delays_s: z.array(z.number().min(0).max(3_600)).min(1).max(20).default([0, 5, 20]),
      /** A life as long as this makes the first delay hold again. */
      healthy_after_s: seconds.default(120),
      fatal_retry_s: seconds.default(300),
      /** Unanswered seconds after which the supervisor describes its run. */
      news_s: seconds.default(30),
      health_check_s: seconds.default(30),
    })
    .prefault({}),
  /** What metaHealth does about causes of ours: services by their supervisors, servers by a command. */
  recovery: z
    .strictObject({
      /** `monitor-only`: it says what it would have done. `dolphin health --mode` changes it until this does. */
      mode: z.enum(["auto", "monitor-only"]).default("auto"),
      /**
       * A command of the shell that restarts Hazelcast where nobody of ours keeps it, such as
       * `systemctl --user restart hazelcast`; null: nothing. Under `up` servers are up's own.
       */
      hazelcast: z.string().min(1).nullable().default(null),
      temporal: z
        .never(
          "metaHealth runs on Temporal and cannot restart it: 'dolphin up' or systemd keeps it",
        )
        .optional(),
      /** A cause that stands for less is left to the service's own supervisor. */
      grace_s: seconds.default(60),
      /** From one attempt to the next; it doubles with each in a row, up to an hour. */
      cool_down_s: seconds.default(300),
    })
    .prefault({}),
  /** Who is told of incidents, and by which rules besides the built-in ones. */
  alerts: alertSettings.prefault({}),
  metrics: metricsSettings.prefault({}),
  tracing: tracingSettings.prefault({}),
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
      /** With --demo: indicators and order books, too, from simulated venues, where none are configured. */
      venues: z.boolean().default(true),
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

export function restartPolicyOf({
  supervision,
}: Pick<Configuration, "supervision">): RestartPolicy {
  return {
    restartsMax: supervision.restarts_max,
    windowMs: supervision.window_s * MS_PER_SECOND,
    delaysMs: supervision.delays_s.map((delay) => delay * MS_PER_SECOND),
    healthyAfterMs: supervision.healthy_after_s * MS_PER_SECOND,
    fatalRetryMs: supervision.fatal_retry_s * MS_PER_SECOND,
    datesAnew: true,
  };
}

/** A service has the same budget, whoever restarts it. */
export function recoveryPolicyOf({
  supervision,
  recovery,
}: Pick<Configuration, "supervision" | "recovery">): RecoveryPolicy {
  return {
    ...RECOVERY_POLICY,
    graceMs: recovery.grace_s * MS_PER_SECOND,
    coolDownMs: recovery.cool_down_s * MS_PER_SECOND,
    restartsMax: supervision.restarts_max,
    windowMs: supervision.window_s * MS_PER_SECOND,
    servers: recovery.hazelcast === null ? [] : ["hazelcast"],
  };
}

/** What a trader is made of. */
export type BookSection = Configuration["trader"];

/** @throws {Error} that names the key. */
export function parseBookSection(section: unknown): BookSection {
  const parsed = Configuration.shape.trader.safeParse(section);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(issues.join("; "));
}
