/**
 * Cash after each fill and at each day's end, and how far it lies below its own peak: what a projection got since the
 * last look is added, in the order of BLUE's log, so that a look costs what is new and not what there is. The first one
 * takes as many looks as it needs. Invariant: what is held does not grow with the history.
 */
import type Database from "better-sqlite3";
import { monotonicMs } from "../../../adapters/clock.ts";
import { createGrowingSeries } from "../../../domain/statistics/growing-series.ts";
import type { ThinnedSeries } from "../../../domain/statistics/thinned-series.ts";
import { msFromIso, MS_PER_DAY } from "../../../domain/time.ts";

export type CashCurves = {
  readonly cash: ThinnedSeries;
  readonly cashDrawdown: ThinnedSeries;
  /** False: there is more that was not read so far. */
  readonly isWhole: boolean;
};

const ROWS = 10_000;

type Row = { readonly log_index: number; readonly at_ms: number; readonly value: number };

/** Of one projection, from its beginning on: another one needs others. */
export function createCashCurves() {
  const cash = createGrowingSeries();
  const drawdown = createGrowingSeries();
  let peak = -Infinity;
  let cursor = -1;
  let shown: CashCurves | null = null;
  const add = ({ log_index: index, at_ms: atMs, value }: Row): void => {
    peak = Math.max(peak, value);
    cash.add({ atMs, value });
    drawdown.add({ atMs, value: value / peak - 1 });
    cursor = index;
  };
  return {
    /** Takes in what is there, for about so long. */
    read(db: Database.Database, withinMs: number): CashCurves {
      const untilMs = monotonicMs() + withinMs;
      let isWhole = false;
      while (!isWhole) {
        const rows = rowsAfter(db, cursor);
        for (const row of rows) add(row);
        if (0 < rows.length) shown = null;
        isWhole = rows.length < ROWS;
        if (untilMs < monotonicMs()) break;
      }
      if (shown?.isWhole !== isWhole) {
        shown = { cash: cash.series(), cashDrawdown: drawdown.series(), isWhole };
      }
      return shown;
    },
  };
}

/** An event's rows stay together: it books one fill, or ends one day. */
function rowsAfter(db: Database.Database, cursor: number): readonly Row[] {
  const fills = db.prepare<[number, number], Row>(
    `SELECT log_index, at_ms, cash_after AS value FROM fills
     WHERE ? < log_index AND cash_after IS NOT NULL ORDER BY log_index, number LIMIT ?`,
  );
  const days = db.prepare<[number], { log_index: number; day: string; value: number }>(
    "SELECT log_index, day, capital_end AS value FROM days WHERE ? < log_index AND capital_end IS NOT NULL",
  );
  const found = fills.all(cursor, ROWS);
  const last = found.length < ROWS ? Infinity : (found.at(-1)?.log_index ?? Infinity);
  const ends = days.all(cursor).flatMap(({ log_index, day, value }) => {
    const at_ms = msFromIso(`${day}T00:00:00Z`) + MS_PER_DAY - 1;
    return log_index < last ? [{ log_index, at_ms, value }] : [];
  });
  return [...found, ...ends].toSorted((one, other) => one.log_index - other.log_index);
}
