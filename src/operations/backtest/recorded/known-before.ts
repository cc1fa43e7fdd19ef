/** How long before a run's first scan a value may have become known and still be within its budget then. */
import { MS_PER_MINUTE } from "../../../domain/time.ts";
import { longestBudgetMs } from "../../../domain/trading/market/input-ages.ts";

/** A publication time further ahead of our clock than this is refused. */
const AHEAD_MAX_MS = MS_PER_MINUTE;

export function knownBeforeMs(
  budgetsMs: Readonly<Record<string, number>>,
  inputs: readonly string[],
): number {
  return longestBudgetMs(budgetsMs, inputs) + AHEAD_MAX_MS;
}
