/**
 * The forewarner's knowledge of a book, from its projection: its trades as returns on equity, and its present state.
 */
import Database from "better-sqlite3";
import type { PastTrade } from "../../domain/forewarn/forecast.ts";
import { MS_PER_DAY } from "../../domain/time.ts";

/** Only the newest: older ones come from another market. */
const TRADES_MAX = 2_000;
/** Days over which the pace of trading is measured. */
const PACE_DAYS = 30;
/** A regime observed longer ago does not count as the present one. */
const REGIME_KEPT_MS = MS_PER_DAY;

export type BookPast = {
  readonly trades: readonly (PastTrade & {
    readonly asset: string;
    readonly enteredAtMs: number;
    readonly exitedAtMs: number;
    /** Capital before it. */
    readonly before: number;
  })[];
  readonly tradesPerDay: number;
  /** The regime of the newest entry, by the strategy's own measure; null where that entry is old. */
  readonly regime: string | null;
  /** Cash including everything realized, in the quote currency. */
  readonly capital: number;
  readonly peak: number;
  /** At the start of this UTC day. */
  readonly dayStart: number;
};

type Row = {
  readonly pnl: number;
  readonly bucket: string;
  readonly asset: string;
  readonly entered_at_ms: number;
  readonly exited_at_ms: number;
};
/** What the books say of a day that is over. */
type Day = { readonly capital_start: number; readonly capital_end: number };

/**
 * Null: the book has had no fill yet. @throws {Database.SqliteError} SQLITE_CANTOPEN where nothing was projected yet
 */
export function readBookPast(projection: string, nowMs: number): BookPast | null {
  const db = new Database(projection, { readonly: true, fileMustExist: true });
  try {
    const newest = db
      .prepare<[number], Row>(
        `SELECT pnl, bucket, asset, entered_at_ms, exited_at_ms FROM trades
         ORDER BY log_index DESC LIMIT ?`,
      )
      .all(TRADES_MAX);
    const days = db
      .prepare<[], Day>(
        `SELECT capital_start, capital_end FROM days
         WHERE capital_start IS NOT NULL AND capital_end IS NOT NULL ORDER BY day`,
      )
      .all();
    const capital = db
      .prepare<[], number>(
        `SELECT cash FROM (SELECT log_index, cash_after AS cash FROM fills
           UNION ALL SELECT log_index, capital_end FROM days)
         WHERE cash IS NOT NULL ORDER BY log_index DESC LIMIT 1`,
      )
      .pluck()
      .get();
    if (capital === undefined) return null;
    const trades = returnsOf(newest, capital);
    const dayStart = days.at(-1)?.capital_end ?? trades.at(0)?.before ?? capital;
    return {
      trades,
      tradesPerDay: paceOf(newest, nowMs),
      regime: regimeOf(newest[0], nowMs),
      capital,
      peak: Math.max(
        capital,
        ...trades.map(({ before }) => before),
        ...days.flatMap((day) => [day.capital_start, day.capital_end]),
      ),
      dayStart,
    };
  } finally {
    db.close();
  }
}

/** From the newest back: the book's capital before each of them. */
function returnsOf(newest: readonly Row[], capital: number): BookPast["trades"] {
  let after = capital;
  const returns = newest.map(({ pnl, bucket, asset, ...at }) => {
    const before = after - pnl;
    after = before;
    return {
      netReturn: pnl / before,
      regime: bucket,
      asset,
      enteredAtMs: at.entered_at_ms,
      exitedAtMs: at.exited_at_ms,
      before,
    };
  });
  return returns.toReversed();
}

function paceOf(newest: readonly Row[], nowMs: number): number {
  const recent = newest.filter((row) => nowMs - PACE_DAYS * MS_PER_DAY <= row.exited_at_ms);
  const first = recent.at(-1);
  if (first === undefined) return 0;
  // A book that is only hours old has not shown a day's pace yet: it counts as a whole day.
  return recent.length / Math.max(1, (nowMs - first.exited_at_ms) / MS_PER_DAY);
}

function regimeOf(last: Row | undefined, nowMs: number): string | null {
  if (last === undefined || REGIME_KEPT_MS < nowMs - last.exited_at_ms) return null;
  return last.bucket === "" ? null : last.bucket;
}
