/** What BLUE's projection says of its past: trades, days, equity from fill to fill, and how scans were decided. */
import { existsSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { TRADE_COLUMNS, type TradeRow } from "../../projection/trade-row.ts";
import { type CashCurves, createCashCurves } from "./cash-curves.ts";
import { createDayOutcomes, type DayOutcomes } from "./day-outcomes.ts";

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

export type LedgerView = CashCurves & {
  /** The newest trades first. */
  readonly trades: readonly TradeRow[];
  readonly tradesTotal: number;
  /** Ascending, the newest `DAYS_MAX`. */
  readonly days: readonly LedgerDay[];
  readonly outcomes: DayOutcomes["outcomes"];
  readonly outcomesDay: string | null;
};

const TRADES_MAX = 200;
const TRADES_OF_ASSET_MAX = 500;
const DAYS_MAX = 400;
/** Of the fills for one answer; the rest with the next one. */
const READ_WITHIN_MS = 400;

/** What is held of one projection between two looks; one that was begun anew, or cut, is another one. */
type Kept = {
  readonly key: string;
  readonly index: number;
  readonly curves: ReturnType<typeof createCashCurves>;
  readonly outcomes: ReturnType<typeof createDayOutcomes>;
};

/** Returns null where BLUE's log is not projected yet: the bookkeeper does that. */
export function createLedgerView(projection: string): () => LedgerView | null {
  let kept: Kept | null = null;
  const keptOf = (db: Database.Database): Kept => {
    const index =
      db.prepare<[], number>("SELECT value FROM meta WHERE key = 'cursor'").pluck().get() ?? -1;
    const key = identityOf(projection);
    const isSame = kept?.key === key && kept.index <= index;
    kept = { ...(isSame && kept !== null ? kept : begun(key)), index };
    return kept;
  };
  return () =>
    withProjection(projection, (db) => db.transaction(() => ledgerIn(db, keptOf(db))).deferred());
}

function begun(key: string): Omit<Kept, "index"> {
  return {
    key,
    curves: createCashCurves(),
    outcomes: createDayOutcomes(),
  };
}

/** A file that takes the place of a deleted one may have its number. */
function identityOf(path: string): string {
  const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
  return `${dev}:${ino}:${birthtimeNs}`;
}

function ledgerIn(db: Database.Database, { curves, outcomes }: Kept): LedgerView {
  const { day: outcomesDay, outcomes: counted } = outcomes.read(db);
  return {
    trades: db
      .prepare<[number], TradeRow>(
        `SELECT ${TRADE_COLUMNS} FROM trades ORDER BY day DESC, exit_seq DESC, position_id LIMIT ?`,
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
    ...curves.read(db, READ_WITHIN_MS),
    outcomes: counted,
    outcomesDay,
  };
}

/** The trades of an asset that were open at or after a time, ascending. */
export function tradesOfAsset(
  projection: string,
  asset: string,
  sinceMs: number,
): readonly TradeRow[] {
  const found = withProjection(projection, (db) =>
    db
      .prepare<[string, number, number], TradeRow>(
        `SELECT ${TRADE_COLUMNS} FROM trades WHERE asset = ? AND ? <= exited_at_ms
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
