/** BLUE's past from its projection: trades, days, equity from fill to fill, and the outcomes of scans. */
import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { type ThinnedSeries, thinnedSeries } from "../../domain/statistics/thinned-series.ts";
import { msFromIso, MS_PER_DAY } from "../../domain/time.ts";

export type LedgerTrade = {
  readonly position_id: string;
  readonly asset: string;
  readonly direction: string;
  readonly quantity: number;
  readonly entry_price: number;
  readonly exit_price: number;
  readonly entry_seq: number;
  readonly exit_seq: number;
  readonly entered_at_ms: number;
  readonly exited_at_ms: number;
  readonly held_scans: number;
  readonly exit_reason: string;
  readonly pnl: number;
  readonly fees: number;
};

export type LedgerDay = {
  readonly day: string;
  readonly capital_start: number | null;
  readonly capital_end: number | null;
  readonly realized: number | null;
  readonly unrealized: number | null;
  readonly fees: number | null;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly max_drawdown: number | null;
};

export type LedgerView = {
  /** Newest trades first. */
  readonly trades: readonly LedgerTrade[];
  readonly tradesTotal: number;
  /** Ascending, the newest `DAYS_MAX`. */
  readonly days: readonly LedgerDay[];
  /** Cash after each fill, and its drawdown from its own peak: open positions count when they are closed. */
  readonly cash: ThinnedSeries;
  readonly cashDrawdown: ThinnedSeries;
  /** Decision outcomes of the newest day's scans. */
  readonly outcomes: readonly {
    readonly outcome: string;
    readonly refusal: string | null;
    readonly count: number;
  }[];
  readonly outcomesDay: string | null;
};

const TRADES_MAX = 200;
const TRADES_OF_ASSET_MAX = 500;
const DAYS_MAX = 400;
/** The newest fills: a fill is small, and a book makes a few thousand a day at most. */
const FILLS_MAX = 1_000_000;
const TRADE = `position_id, asset, direction, quantity, entry_price, exit_price, entry_seq, exit_seq, entered_at_ms,
  exited_at_ms, held_scans, exit_reason, pnl, fees`;

type Curves = Pick<LedgerView, "cash" | "cashDrawdown">;

/** Returns null where BLUE's log is not projected yet, which is the bookkeeper's task. */
export function createLedgerView(projection: string): () => LedgerView | null {
  let kept: { readonly key: string; readonly curves: Curves } | null = null;
  /** Pages ask every few seconds, and there are many fills: they are only read again when there are new ones. */
  const curves = (db: Database.Database): Curves => {
    const key = JSON.stringify([
      db.prepare("SELECT count(*) FROM fills").pluck().get(),
      db.prepare("SELECT day, log_index, capital_end FROM days ORDER BY day DESC LIMIT 1").get(),
    ]);
    if (kept?.key !== key) kept = { key, curves: curvesIn(db) };
    return kept.curves;
  };
  return () => withProjection(projection, (db) => ledgerIn(db, curves(db)));
}

function curvesIn(db: Database.Database): Curves {
  const cash = cashIn(db);
  let peak = -Infinity;
  const drawdown = cash.map(({ atMs, value }) => {
    peak = Math.max(peak, value);
    return { atMs, value: value / peak - 1 };
  });
  return { cash: thinnedSeries(cash), cashDrawdown: thinnedSeries(drawdown) };
}

function ledgerIn(db: Database.Database, curves: Curves): LedgerView {
  const newestDay = db.prepare<[], string | null>("SELECT max(day) FROM decisions").pluck().get();
  return {
    trades: db
      .prepare<[number], LedgerTrade>(
        `SELECT ${TRADE} FROM trades ORDER BY day DESC, exit_seq DESC, position_id LIMIT ?`,
      )
      .all(TRADES_MAX),
    tradesTotal: db.prepare<[], number>("SELECT count(*) FROM trades").pluck().get() ?? 0,
    days: db
      .prepare<[number], LedgerDay>(
        `SELECT day, capital_start, capital_end, realized, unrealized, fees, trades, wins, losses,
             max_drawdown FROM days ORDER BY day DESC LIMIT ?`,
      )
      .all(DAYS_MAX)
      .toReversed(),
    ...curves,
    outcomes:
      newestDay == null
        ? []
        : db
            .prepare<[string], LedgerView["outcomes"][number]>(
              `SELECT outcome, refusal, count(*) AS count FROM decisions WHERE day = ?
                 GROUP BY outcome, refusal ORDER BY count DESC, outcome`,
            )
            .all(newestDay),
    outcomesDay: newestDay ?? null,
  };
}

/** The trades of an asset that were open at or after a time, ascending. */
export function tradesOfAsset(
  projection: string,
  asset: string,
  sinceMs: number,
): readonly LedgerTrade[] {
  const found = withProjection(projection, (db) =>
    db
      .prepare<[string, number, number], LedgerTrade>(
        `SELECT ${TRADE} FROM trades WHERE asset = ? AND ? <= exited_at_ms
         ORDER BY day DESC, exit_seq DESC LIMIT ?`,
      )
      .all(asset, sinceMs, TRADES_OF_ASSET_MAX),
  );
  return (found ?? []).toReversed();
}

function withProjection<T>(path: string, read: (db: Database.Database) => T): T | null {
  if (!existsSync(path)) return null;
  const db = new Database(path, { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function cashIn(db: Database.Database): { atMs: number; value: number }[] {
  const fills = db.prepare<[number], { readonly atMs: number; readonly value: number }>(
    `SELECT at_ms AS atMs, cash_after AS value FROM fills WHERE cash_after IS NOT NULL
     ORDER BY day DESC, log_index DESC, number DESC LIMIT ?`,
  );
  // Of the same millisecond the later one counts.
  const found = fills.all(FILLS_MAX).toReversed();
  const ends = db.prepare<[number], { readonly day: string; readonly value: number }>(
    "SELECT day, capital_end AS value FROM days WHERE capital_end IS NOT NULL ORDER BY day DESC LIMIT ?",
  );
  for (const { day, value } of ends.all(DAYS_MAX)) {
    found.push({ atMs: msFromIso(`${day}T00:00:00Z`) + MS_PER_DAY - 1, value });
  }
  return found.toSorted((one, other) => one.atMs - other.atMs);
}
