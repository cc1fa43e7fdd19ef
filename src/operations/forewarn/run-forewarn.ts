/** Makes one forecast of a book and stores it; the outcomes of earlier forecasts say how reliable it is. */
import { createHash } from "node:crypto";
import { calibrationOf } from "../../domain/forewarn/calibration.ts";
import { forecast, FOREWARN_VERSION } from "../../domain/forewarn/forecast.ts";
import { outcomesOf } from "../../domain/forewarn/outcomes.ts";
import { isoFromMs, MS_PER_DAY } from "../../domain/time.ts";
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { appendForewarning, putForewarning, readForewarnings } from "./forewarn-file.ts";
import { type BookPast, readBookPast } from "./past-trades.ts";

export type ForewarnOptions = {
  readonly dataDir: string;
  readonly book: string;
  /** Null: nothing was projected yet. */
  readonly projection: string | null;
  readonly limits: { readonly dailyLossMax: number; readonly drawdownMax: number };
  readonly nowMs: number;
  readonly horizonDays: number;
  readonly paths: number;
  readonly seed: number;
};

const NOTHING: BookPast = {
  trades: [],
  tradesPerDay: 0,
  regime: null,
  capital: 0,
  peak: 0,
  dayStart: 0,
};

export function runForewarn(options: ForewarnOptions): ForewarnRecord {
  const { nowMs, horizonDays, paths, seed, book } = options;
  const { projection } = options;
  const past = (projection === null ? null : readBookPast(projection, nowMs)) ?? NOTHING;
  const told = forecast({
    trades: past.trades,
    regime: past.regime,
    tradesPerDay: past.tradesPerDay,
    horizonDays,
    peak: multipleOf(past.peak, past.capital),
    dayStart: multipleOf(past.dayStart, past.capital),
    limits: options.limits,
    paths,
    seed,
  });
  const earlier = readForewarnings(options.dataDir, book);
  const outcomes = outcomesOf(earlier.map(asTold), past.trades, nowMs);
  const { weight, ...calibration } = calibrationOf(outcomes);
  const record: ForewarnRecord = {
    version: FOREWARN_VERSION,
    book,
    as_of: isoFromMs(nowMs),
    horizon_end: isoFromMs(nowMs + horizonDays * MS_PER_DAY),
    seed,
    data_hash: hashOf(past),
    paths,
    verdict: told.verdict,
    reason: told.reason,
    weight: told.verdict === "unknown" ? 0 : weight,
    breach: told.breach,
    trades: past.trades.length,
    trades_per_day: past.tradesPerDay,
    capital: past.capital,
    mean_block: told.meanBlock,
    conditioned_on: told.conditionedOn,
    envelope: [...told.envelope],
    calibration,
  };
  appendForewarning(options.dataDir, record);
  putForewarning(options.dataDir, record, outcomes);
  return record;
}

/** Today's loss counts, and a book above its peak is at its peak. */
function multipleOf(amount: number, capital: number): number {
  return 0 < capital ? amount / capital : 1;
}

function asTold({ as_of, horizon_end, envelope, version }: ForewarnRecord) {
  return {
    fromMs: Date.parse(as_of),
    endMs: Date.parse(horizon_end),
    // Forecasts of another version say nothing about this one.
    envelope: version === FOREWARN_VERSION ? envelope : [],
  };
}

function hashOf({ trades, tradesPerDay, regime, capital, peak, dayStart }: BookPast): string {
  const told = [trades.map((trade) => [trade.netReturn, trade.regime]), tradesPerDay, regime];
  const text = JSON.stringify([...told, capital, peak, dayStart]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
