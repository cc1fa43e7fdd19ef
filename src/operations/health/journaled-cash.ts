/** A book's cash after the last fill in its journal, from the projection. */
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Config } from "../../config.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";

/**
 * Empty while it is unknown, and while it changes, because the book's own state may be from before or after the
 * change.
 */
export function createJournaledCash(config: Config): () => ReadonlyMap<string, number> {
  const { margin, instruments } = config.trader;
  // Interest changes the cash between fills, too: then a difference is expected.
  const rates = [margin?.borrow_rate_per_year, ...ratesOf(instruments)];
  if (rates.some((rate) => rate !== undefined && 0 < rate)) return () => new Map();
  const path = join(tradingRoot(config.data_dir), `${COUNTED_BOOK}.db`);
  let before: number | null = null;
  return () => {
    const cash = lastCash(path);
    const isSteady = cash !== null && cash === before;
    before = cash;
    return new Map(isSteady ? [[COUNTED_BOOK, cash]] : []);
  };
}

function ratesOf(instruments: Config["trader"]["instruments"]): (number | undefined)[] {
  return Object.values(instruments).map((one) => one.borrow_rate_per_year);
}

function lastCash(path: string): number | null {
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 50 });
    const row = db
      .prepare<[], { cash: number }>(
        `SELECT cash_after AS cash FROM fills
         WHERE day = (SELECT max(day) FROM fills) AND cash_after IS NOT NULL
         ORDER BY log_index DESC, number DESC LIMIT 1`,
      )
      .get();
    return row?.cash ?? null;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}
