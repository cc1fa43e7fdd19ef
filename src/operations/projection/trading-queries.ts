/** Queries on a projection, run while another process writes it. */
import Database from "better-sqlite3";

export type TradeRow = {
  readonly position_id: string;
  readonly day: string;
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
  /** The trades that ended on a day, in the order of their ends; at most `count`. */
  tradesOf(day: string, count: number): readonly TradeRow[];
  /** Every projected day, ascending. */
  days(): readonly DayRow[];
  /** Decision outcomes of a day's scans, most frequent first. */
  outcomesOf(day: string): readonly OutcomeCount[];
  close(): void;
};

/** @throws {Database.SqliteError} SQLITE_CANTOPEN where nothing was projected yet. */
export function openTradingQueries(path: string): TradingQueries {
  const db = new Database(path, { readonly: true });
  const trades = db.prepare<[string, number], TradeRow>(
    `SELECT position_id, day, asset, direction, quantity, entry_price, exit_price, entry_seq,
       exit_seq, entered_at_ms, exited_at_ms, held_scans, exit_reason, pnl, fees, posture, trade
     FROM trades WHERE day = ? ORDER BY log_index, position_id LIMIT ?`,
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
