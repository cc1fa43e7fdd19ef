/** How long before a run's first scan that became known which may still be within its budget then. */
import { MS_PER_MINUTE } from "../../../domain/time.ts";
import { longestBudgetMs } from "../../../domain/trading/risk/input-ages.ts";

/** What is told for a time ahead of our clock is refused beyond this. */
const AHEAD_MAX_MS = MS_PER_MINUTE;

export function knownBeforeMs(
  budgetsMs: Readonly<Record<string, number>>,
  inputs: readonly string[],
): number {
  return longestBudgetMs(budgetsMs, inputs) + AHEAD_MAX_MS;
}
