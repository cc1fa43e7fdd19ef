/** Trades and equity of a book from its projection, a day at a time, while the bookkeeper writes it. */
import Database from "better-sqlite3";
import { msFromIso, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { ExportRow } from "../../wire/export/table.ts";
import { TRADE_COLUMNS, type TradeRow } from "../projection/trade-row.ts";
import type { Period } from "../trace/trace-period.ts";
import { type TimedRow, within } from "./period.ts";

/** Rows of a day read at once: far more than a book trades. */
const ROWS_MAX = 1_000_000;

type WholeTrade = TradeRow & {
  readonly max_adverse: number | null;
  readonly max_favourable: number | null;
  readonly signal: number | null;
  readonly posture: string;
  readonly bucket: string;
};

export function* tradeRows(projection: string, period: Period): Generator<ExportRow> {
  const db = new Database(projection, { readonly: true, fileMustExist: true });
  try {
    const ofDay = db.prepare<[string, number], WholeTrade>(
      `SELECT ${TRADE_COLUMNS}, signal, posture, bucket, trade ->> 'maxAdverse' AS max_adverse,
         trade ->> 'maxFavourable' AS max_favourable FROM trades WHERE day = ? ORDER BY log_index, position_id LIMIT ?`,
    );
    for (const day of daysOf(db, "trades", period)) {
      yield* within(ofDay.all(day, ROWS_MAX).map(tradeCells), period);
    }
  } finally {
    db.close();
  }
}

function tradeCells(row: WholeTrade): TimedRow {
  const atUs = row.exited_at_ms * US_PER_MS;
  const cells = [
    row.position_id,
    row.asset,
    row.direction,
    row.quantity,
    row.entry_price,
    row.exit_price,
    row.entry_seq,
    row.exit_seq,
    row.entered_at_ms * US_PER_MS,
    atUs,
    row.held_scans,
    row.exit_reason,
    row.pnl,
    row.fees,
    row.max_adverse,
    row.max_favourable,
    row.signal,
    row.posture,
    row.bucket,
  ];
  return { atUs, row: cells };
}

type FillRow = {
  readonly at_ms: number;
  readonly seq: number;
  readonly cash_after: number | null;
  readonly realized: number | null;
  readonly fee: number;
};

type DayRow = {
  readonly capital_end: number | null;
  readonly realized: number | null;
  readonly unrealized: number | null;
  readonly fees: number | null;
  readonly max_drawdown: number | null;
};

/** The recorded equity: cash after each fill, and the total at the end of each day. */
export function* equityRows(projection: string, period: Period): Generator<ExportRow> {
  const db = new Database(projection, { readonly: true, fileMustExist: true });
  try {
    const fills = db.prepare<[string, number], FillRow>(
      `SELECT at_ms, seq, cash_after, realized, fee FROM fills WHERE day = ?
       ORDER BY log_index, number LIMIT ?`,
    );
    const end = db.prepare<[string], DayRow>(
      "SELECT capital_end, realized, unrealized, fees, max_drawdown FROM days WHERE day = ?",
    );
    const days = [...daysOf(db, "fills", period), ...daysOf(db, "days", period)];
    for (const day of [...new Set(days)].toSorted()) {
      const rows: TimedRow[] = fills.all(day, ROWS_MAX).map((fill) => fillCells(fill));
      const closed = end.get(day);
      if (closed !== undefined) rows.push(dayEndCells(day, closed));
      yield* within(rows, period);
    }
  } finally {
    db.close();
  }
}

function fillCells({ at_ms, seq, cash_after, realized, fee }: FillRow): TimedRow {
  const atUs = at_ms * US_PER_MS;
  return { atUs, row: [atUs, "fill", seq, cash_after, null, null, realized, fee, null] };
}

function dayEndCells(day: string, closed: DayRow): TimedRow {
  const { capital_end: cash, unrealized, realized, fees, max_drawdown } = closed;
  // The last microsecond of the day.
  const atUs = (msFromIso(`${day}T00:00:00Z`) + MS_PER_DAY) * US_PER_MS - 1;
  const equity = cash === null || unrealized === null ? null : cash + unrealized;
  return {
    atUs,
    row: [atUs, "day_end", null, cash, unrealized, equity, realized, fees, max_drawdown],
  };
}

function daysOf(
  db: Database.Database,
  table: "trades" | "fills" | "days",
  { sinceUs, untilUs }: Period,
): readonly string[] {
  const days = db.prepare<[], string>(`SELECT DISTINCT day FROM ${table} ORDER BY day`).pluck();
  return days.all().filter((day) => {
    const startUs = msFromIso(`${day}T00:00:00Z`) * US_PER_MS;
    return startUs < untilUs && sinceUs < startUs + MS_PER_DAY * US_PER_MS;
  });
}
