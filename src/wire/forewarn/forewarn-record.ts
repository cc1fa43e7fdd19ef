/** One forecast of the forewarner, as it is stored, printed and published. */
import { z } from "zod";
import { VERDICTS } from "../../domain/forewarn/forecast.ts";
import { MARKET_REGIMES } from "../../domain/forewarn/market.ts";
import { supersedes } from "../../domain/forewarn/newest.ts";
import { isoFromMicros, msFromIso, US_PER_MS } from "../../domain/time.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

const share = z.number().min(0).max(1);

export const ForewarnRecord = z.object({
  version: z.number().int(),
  book: z.string().max(32),
  /** When it was made; it covers the time until `horizon_end`. */
  as_of: z.string(),
  horizon_end: z.string(),
  /** The same seed, data and version reproduce the forecast. */
  seed: z.number().int(),
  data_hash: z.string(),
  paths: z.number().int(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  /** How reliable the verdict is, by the outcomes of earlier forecasts. */
  weight: share,
  /** Null without a verdict. */
  breach: z.object({ drawdown: share, dailyLoss: share, either: share }).nullable(),
  trades: z.number().int(),
  trades_per_day: z.number(),
  /** The market that the archive shows; `regime` null: the forecast is by the trades alone. Absent in older ones. */
  market: z
    .object({
      regime: z.enum(MARKET_REGIMES).nullable(),
      /** Days of the archive of which prices were read. */
      days: z.number().int(),
      /** Seconds over which a return of the market is measured. */
      step_s: z.number().nullable(),
    })
    .default({ regime: null, days: 0, step_s: null }),
  /** The equity at which the drawdown limit is reached, as a multiple of the present one. Absent in older ones. */
  drawdown_limit_at: z.number().nullable().default(null),
  capital: z.number(),
  mean_block: z.number().nullable(),
  conditioned_on: z.object({ regime: z.string(), trades: z.number().int() }).nullable(),
  envelope: z
    .array(z.object({ trades: z.number().int(), quantiles: z.record(z.string(), z.number()) }))
    .max(100),
  calibration: z.object({
    outcomes: z.number().int(),
    said: z.number().nullable(),
    came: z.number().nullable(),
    evidence: z.number(),
  }),
});
export type ForewarnRecord = z.infer<typeof ForewarnRecord>;

/** More points would not make the picture clearer. */
export const EARLIER_MAX = 120;

/**
 * The newest forecast and the outcomes of earlier ones: the content of `forewarn/BOOK.json`, which the watchdog
 * and the pages read. One line, so that a reader of the last line reads all of it.
 */
export type ForewarnNow = ForewarnRecord & {
  /** Oldest first; `end`, `low` and `high` are multiples of the equity at `as_of`. */
  readonly earlier: readonly {
    readonly as_of: string;
    readonly horizon_end: string;
    readonly end: number;
    readonly low: number;
    readonly high: number;
    readonly left_envelope: boolean;
  }[];
};

export const FOREWARN_KEY = "mc_forewarner_latest";

/** Null where the stored one is newer or the same. `pushedUs`: the time now. */
export function pushedForecast(before: unknown, text: string, pushedUs: number): string | null {
  const own = madeMs(text);
  const standing = madeMs(before);
  if (own === standing || !supersedes(own, standing, pushedUs / US_PER_MS)) return null;
  const record = ForewarnRecord.parse(JSON.parse(text));
  return JSON.stringify({ ...record, _pushed_at: isoFromMicros(pushedUs) });
}

/** When the forecast of a text was made; -Infinity for a text that is not a forecast, so that any forecast is newer. */
export function madeMs(text: unknown): number {
  if (typeof text !== "string") return -Infinity;
  const read = ForewarnRecord.pick({ as_of: true }).safeParse(jsonOrNull(text));
  const ms = read.success ? msFromIso(read.data.as_of) : Number.NaN;
  return Number.isNaN(ms) ? -Infinity : ms;
}
