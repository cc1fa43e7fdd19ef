/** Task queues, ids and search attributes of the contract; no dependency, so that every room may import it. */
import type { Layer } from "../domain/supervision/services.ts";

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

export const TRADE_SESSION = "tradeSession";
export const PAPER_TRADE = "paperTrade";
export const PAPER_TRADE_SCHEDULE = "paper-trade-daily";

/** `trades-BLUE-2026-03-25`. */
export function sessionIdOf(book: string, day: string): string {
  return `trades-${book}-${day}`;
}

export function traderServiceOf(book: string): string {
  return `trader-${book.toLowerCase()}`;
}
export const COMPACT_ARCHIVE = "compactArchive";
export const COMPACT_ARCHIVE_SCHEDULE = "compact-archive";
export const BACKTEST = "backtest";
export const BACKTEST_SWEEP = "backtestSweep";
export const BACKTEST_ID_PREFIX = "backtest-";
export const BACKTEST_SCHEDULE = "backtest-daily";
