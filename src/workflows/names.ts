/** Task queues, ids and search attributes of the contract. No imports, so that every folder may import it. */
import { INDICATOR_ID_PREFIX } from "../domain/supervision/declared/indicator-schedules.ts";
import { type Layer, traderOf } from "../domain/supervision/services.ts";
import { isBook } from "../domain/trading/books.ts";

export function taskQueueOf(layer: Layer): string {
  return `dolphin-${layer}`;
}

export const SUPERVISOR_ID_PREFIX = "supervise-";

export function supervisorIdOf(service: string): string {
  return `${SUPERVISOR_ID_PREFIX}${service}`;
}

export const RUN_ID_PREFIX = "run-";

export function runIdOf(service: string): string {
  return `${RUN_ID_PREFIX}${service}`;
}

export const SEARCH_ATTRIBUTES = ["DolphinLayer", "DolphinService", "DolphinStatus"] as const;

export const SUPERVISE_SERVICE = "superviseService";
export const SERVICE_RUN = "serviceRun";

export const META_HEALTH = "metaHealth";
export const TRANSITION_SIGNAL = "transition";
/** There is one. */
export const META_HEALTH_ID = "meta-health";

export const TRADE_SESSION = "tradeSession";
export const PAPER_TRADE = "paperTrade";

/** `trades-BLUE-2026-03-25`. */
export function sessionIdOf(book: string, day: string): string {
  return `trades-${book}-${day}`;
}

/** From the table; for a book without a row, the name that its row would have. */
export function traderServiceOf(book: string): string {
  return isBook(book) ? traderOf(book).name : `trader-${book.toLowerCase()}`;
}
export const COMPACT_ARCHIVE = "compactArchive";
export const INGEST_SCANS = "ingestScans";
export const BACKTEST = "backtest";
export const BACKTEST_SWEEP = "backtestSweep";
export const FOREWARN = "forewarn";
export const BACKTEST_ID_PREFIX = "backtest-";

export const REFRESH_INDICATOR = "refreshIndicator";

/** Also the id of its schedule. */
export function indicatorIdOf(name: string): string {
  return `${INDICATOR_ID_PREFIX}${name}`;
}

export const ALERT = "alert";

/** `alert-stale_data-scan`: for a rule and a subject, one incident after the other. */
export function alertIdOf(rule: string, subject: string): string {
  return `${ALERT}-${rule}-${subject}`;
}
