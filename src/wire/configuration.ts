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
/** Those of two hundred order books, and some beside. */
const FEEDS_MAX = 256;
/** Bounded, because a Node timer of more than 24.8 days fires at once. */
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
  /** Largest deviation of an entry's price from the asset's last marks, as a share of them; absent: not checked. */
  price_collar: share.optional(),
});

/** A key that is not set is as in the table of services. */
const service = z.strictObject({
  /** False: the service is stopped, and no command starts it. */
  enabled: z.boolean().optional(),
  /** Whether it is started when its supervisor is new, or when this value changes. */
  autostart: z.boolean().optional(),
  /** Restart budget of this service; default: `supervision.restarts_max`. */
  restarts_max: z.number().int().min(1).max(10_000).optional(),
  /** Hard caps, enforced where the machine allows it; see ARCHITECTURE.md. */
  memory_max_mb: z.number().int().min(64).max(1_048_576).optional(),
  cpu_max_percent: z.number().int().min(1).max(100_000).optional(),
  tasks_max: z.number().int().min(16).max(100_000).optional(),
});
const schedule = z.strictObject({
  /** False: the schedule is paused. */
  enabled: z.boolean().optional(),
  /** Time of day in UTC. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of the UTC day such as '00:20'")
    .optional(),
  /** A run that was missed because the server was away is caught up within this many hours. */
  catchup_h: z.number().min(0.01).max(720).optional(),
});
/** Settings of the service that decides for the book; a key in `services` takes precedence. */
const book = z.strictObject({
  enabled: z.boolean().optional(),
  autostart: z.boolean().optional(),
});

/** A key that is not set is as in the indicator's own file. */
const indicator = z.strictObject({
  /** A built-in indicator's name, or the path of your own file, relative to this file; default: the key. */
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
  /** The value of the first series is also the indicator's value. */
  symbols: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, "must be a symbol such as BTCUSDT"))
    .min(1)
    .max(50)
    .optional(),
  every_s: seconds.min(1).optional(),
  /** Ages by `as_of`, in seconds: older than this is a warning, older than `stale_s` is stale. */
  warn_s: z.number().positive().max(31_536_000).optional(),
  stale_s: z.number().positive().max(31_536_000).optional(),
});

const leverage = z.number().min(1).max(1_000);
const maintenance = z.number().min(0).max(0.5);
const yearly = z.number().min(0).max(10);
const margin = z.strictObject({
  /** `cross`: the whole equity backs all positions. `isolated`: each position has its own margin. */
  mode: z.enum(["cross", "isolated"]).default("cross"),
  /** The initial margin of an entry is its notional divided by this. What is held is bounded by `limits`. */
  leverage: leverage.default(20),
  /** A position is liquidated when its margin falls below this share of the notional at the mark price. */
  maintenance_margin_rate: maintenance.default(0.005),
  /** Share of the notional; never more than the margin that is left. */
  liquidation_fee_rate: z.number().min(0).max(0.5).default(0.005),
  /** Interest on what is borrowed: the whole notional of a short, and the part of a long that cash does not cover. */
  borrow_rate_per_year: yearly.default(0),
});

/** A name without a folder and without an extension is that of a built-in strategy. */
export function isStrategyFile(named: string): boolean {
  return /[/.]/.test(named);
}

export const Configuration = z.strictObject({
  /** The folder of everything that DOLPHIN writes, relative to the file that names it. */
  data_dir: z.string().min(1).default(".dolphin"),
  /** The scan archive; null: `arrow_scans` in the data directory. */
  archive: z.string().min(1).nullable().default(null),
  hazelcast: HazelcastSettings.prefault({}),
  /** Port of the embedded server; an external server's address is Temporal's own configuration. */
  temporal: z
    .strictObject({
      /** Hours for which the embedded server keeps closed workflows and their histories. */
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
      /** First day that is read at a first start without a checkpoint; null: the newest day. */
      since: day.nullable().default(null),
      /** `auto`: inotify where the file system gives events; `poll`: listing only. */
      watch: z.enum(["auto", "poll"]).default("auto"),
      /** Whether a backlog sets latest_eigen_scan once a batch or for every scan. */
      backlog_latest: z.enum(["batch", "every"]).default("batch"),
      /** Seconds between listings of the archive when idle. */
      reconcile_s: seconds.max(10).default(5),
      /** Days kept in the journal, counted back from the newest scan; null keeps all. Older files are ignored. */
      keep_days: z.number().int().min(7).max(36_500).nullable().default(400),
    })
    .prefault({}),
  trader: z
    .strictObject({
      /** Cash of a book that has no journal yet, in the quote currency. */
      capital: capital.default(100_000),
      /** A built-in strategy, or the path of your own file, relative to the file that names it. */
      strategy: z.string().min(1).default("velocity-divergence"),
      /** The strategy's own parameters, such as `threshold: 0.03`; `preset` names a set of them. */
      parameters: parameters.default({}),
      /** There is no live broker yet. */
      broker: z.literal("paper").default("paper"),
      /** When a paper order fills; `latency` fills after `fill_latency_ms`. */
      fill: fill.default("next_scan"),
      fill_latency_ms: z.number().min(0).max(600_000).default(0),
      fee_bps: bps.default(4),
      slippage_bps: bps.default(2),
      /** Seed that decides which paper orders are rejected or partly filled. */
      seed: z.number().int().default(1),
      partial_share: z.number().min(0).max(1).default(0),
      reject_share: z.number().min(0).max(1).default(0),
      limits: limits.prefault({}),
      /** Largest age of each declared input for an entry, in seconds; default: the budget of its feed. */
      age_budgets_s: z
        .object({ scan: seconds.default(30), posture: seconds.default(30) })
        .catchall(seconds)
        .prefault({}),
      /** Rounding and smallest order size by asset; an asset that is not set is not rounded. */
      instruments: z
        .record(
          z.string(),
          z.strictObject({
            quote_currency: z.string().min(1).default("USDT"),
            tick: z.number().positive(),
            lot: z.number().positive(),
            minimum_notional: z.number().min(0).default(0),
            /** Override the keys of `margin` for this asset. */
            leverage: leverage.optional(),
            maintenance_margin_rate: maintenance.optional(),
            borrow_rate_per_year: yearly.optional(),
          }),
        )
        .default({}),
      /**
       * A position is written off after this many seconds of scans without a price of its asset; null: never. Times
       * without scans, and scans without any price, do not count.
       */
      delisted_after_s: z.number().positive().max(31_536_000).nullable().default(86_400),
      /** Share of its last mark at which a delisted long is written off; a short loses the same share. */
      delisted_at: z.number().min(0).max(1).default(1),
      /**
       * Largest common clock offset of the scans, ahead or behind, in seconds, that is subtracted from their age;
       * null: the offset is not measured, and exits are not evaluated on a scan that is over its age budget.
       */
      scan_offset_max_s: z.number().min(0).max(3_600).nullable().default(60),
      /** Margin that the paper venue requires for borrowed money; null: none, and nothing is liquidated. */
      margin: margin.nullable().prefault({}),
      /** Events between snapshots of the state: the most that a restart has to fold. */
      snapshot_events: z.number().int().min(1).max(1_000_000).default(5_000),
    })
    .prefault({}),
  /** Retention of the trading journal, and its second copy. */
  journal: z
    .strictObject({
      /**
       * Days of BLUE's log; null keeps all; `usual`: 90 days, and deletions are announced a day ahead. A day that its
       * session has not received, or that a reader still needs, is kept.
       */
      keep_days: z
        .union([z.number().int().min(2).max(36_500), z.literal("usual")])
        .nullable()
        .default("usual"),
      /** URL of a Postgres for a copy of BLUE's log; named a secret, as it may hold a password. */
      postgres_secret_url: z.string().min(1).nullable().default(null),
    })
    .prefault({}),
  /** Feeds that traders read beside scans and posture, by their keys in Hazelcast, such as `exf_funding`. */
  feeds: z.array(z.string().min(1).max(100)).max(FEEDS_MAX).default([]),
  /** Indicators read on a schedule, published as `exf_<name>`; `dolphin create` makes the schedules. */
  indicators: z
    .record(
      // `exf_latest` is the key of all of them.
      z.string().regex(/^(?!latest$)[a-z][a-z0-9_]{0,40}$/, "must be a name such as fear_greed"),
      indicator,
    )
    .refine((all) => Object.keys(all).length <= 24, "must be at most 24 indicators")
    .default({}),
  order_book: orderBookSettings,
  /** The shadow book that runs beside BLUE on the same events. A key that is null is as in `trader`. */
  green: z
    .strictObject({
      capital: capital.nullable().default(null),
      strategy: z.string().min(1).nullable().default(null),
      /** A parameter that is not set is as in `trader`, or the default of the other strategy. */
      parameters: parameters.nullable().default(null),
      fill: fill.nullable().default(null),
      fee_bps: bps.nullable().default(null),
      slippage_bps: bps.nullable().default(null),
      seed: z.number().int().nullable().default(null),
      partial_share: z.number().min(0).max(1).nullable().default(null),
      reject_share: z.number().min(0).max(1).nullable().default(null),
      /** Replaced as a whole: a limit that is not set has its default. */
      limits: limits.nullable().default(null),
    })
    .prefault({}),
  safety: z
    .strictObject({
      /**
       * The watchdog's first posture where nothing was traded yet. Without a watchdog the paper trader publishes it,
       * marked `source: static`. Null: none is published, and without a watchdog no entry is made.
       */
      posture: z.enum(POSTURES).nullable().default("APEX"),
      /** Whether the watchdog runs, which decides how much may be risked: in `up` or by `dolphin watchdog`. */
      watchdog: z.boolean().default(true),
      /** Loss limits as shares of the equity at which the watchdog stops trading; null: the book's own limits. */
      drawdown_max: share.nullable().default(null),
      daily_loss_max: share.nullable().default(null),
      /** Seconds without a bad reading before the posture rises one step. */
      stable_s: seconds.default(300),
    })
    .prefault({}),
  /** By service: what `dolphin create` and `dolphin up` bring the running system to. */
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
      /** A service that ran this long starts again with the first delay. */
      healthy_after_s: seconds.default(120),
      fatal_retry_s: seconds.default(300),
      /** Seconds without an answer after which the supervisor asks Temporal to describe its run. */
      news_s: seconds.default(30),
      health_check_s: seconds.default(30),
    })
    .prefault({}),
  /** How metaHealth acts on causes of ours: services through supervisors, servers by a command. */
  recovery: z
    .strictObject({
      /**
       * `monitor-only`: it only records what it would have done. A mode set by `dolphin health --mode` holds until
       * this value changes.
       */
      mode: z.enum(["auto", "monitor-only"]).default("auto"),
      /**
       * A shell command that restarts Hazelcast where DOLPHIN did not start it, such as `systemctl --user restart
       * hazelcast`; null: none. Under `up`, `up` keeps the servers itself.
       */
      hazelcast: z.string().min(1).nullable().default(null),
      temporal: z
        .never(
          "metaHealth runs on Temporal and cannot restart it: 'dolphin up' or systemd keeps it",
        )
        .optional(),
      /** A cause that has lasted less than this is left to the service's own supervisor. */
      grace_s: seconds.default(60),
      /** Seconds between attempts; doubled for each consecutive attempt, up to an hour. */
      cool_down_s: seconds.default(300),
    })
    .prefault({}),
  /** Who is notified of incidents, and the operator's rules beside the built-in ones. */
  alerts: alertSettings.prefault({}),
  metrics: metricsSettings.prefault({}),
  tracing: tracingSettings.prefault({}),
  simulator: z
    .strictObject({
      assets: z.number().int().min(2).max(10_000).default(50),
      rate: z.number().positive().max(1_000).default(2),
      seed: z.number().int().default(1),
      /**
       * Scans that `dolphin up --demo` writes at once into an empty archive. Some 370 fill all windows; with this
       * many the default seed has trades within a minute.
       */
      backlog: z.number().int().min(0).max(10_000).default(930),
      /** With --demo: indicators and order books come from simulated venues where none are configured. */
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

/** A service has the same restart budget, whoever restarts it. */
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

/** The part of the configuration that a trader is built from. */
export type BookSection = Configuration["trader"];

/** @throws {Error} that names the key. */
export function parseBookSection(section: unknown): BookSection {
  const parsed = Configuration.shape.trader.safeParse(section);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(issues.join("; "));
}
