/** Queries on a projection, run while another process writes it. */
import Database from "better-sqlite3";
import { TRADE_COLUMNS, type TradeRow } from "./trade-row.ts";

type DayTrade = TradeRow & {
  readonly day: string;
  readonly posture: string;
  /** The whole trade as JSON, including its input ages and exit plan. */
  readonly trade: string;
};

export type DayRow = {
  readonly day: string;
  readonly capital_start: number;
  readonly capital_end: number;
  readonly realized: number;
  readonly unrealized: number;
  readonly fees: number;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly max_drawdown: number;
};

export type OutcomeCount = {
  readonly outcome: string;
  readonly refusal: string | null;
  readonly count: number;
};

export type TradingQueries = {
  /** The trades that ended on a day, in the order of their ends; `count` of them at most. */
  tradesOf(day: string, count: number): readonly DayTrade[];
  /** Every day that has been projected, ascending. */
  days(): readonly DayRow[];
  /** Decision outcomes of a day's scans, most frequent first. */
  outcomesOf(day: string): readonly OutcomeCount[];
  close(): void;
};

/** @throws {Database.SqliteError} SQLITE_CANTOPEN where nothing was projected yet. */
export function openTradingQueries(path: string): TradingQueries {
  const db = new Database(path, { readonly: true });
  const trades = db.prepare<[string, number], DayTrade>(
    `SELECT ${TRADE_COLUMNS}, day, posture, trade FROM trades WHERE day = ? ORDER BY log_index, position_id LIMIT ?`,
  );
  const days = db.prepare<[], DayRow>(
    `SELECT day, capital_start, capital_end, realized, unrealized, fees, trades, wins, losses,
       max_drawdown FROM days ORDER BY day`,
  );
  const outcomes = db.prepare<[string], OutcomeCount>(
    `SELECT outcome, refusal, count(*) AS count FROM decisions WHERE day = ?
     GROUP BY outcome, refusal ORDER BY count DESC, outcome`,
  );
  return {
    tradesOf: (day, count) => trades.all(day, count),
    days: () => days.all(),
    outcomesOf: (day) => outcomes.all(day),
    close() {
      db.close();
    },
  };
}
