/**
 * Each decision records a rule, a threshold and a value from which it can be derived again, and so does everything that
 * was known.
 */
import { isDeepStrictEqual } from "node:util";
import { actionFrom, decide } from "../../../src/domain/health/recovery.ts";
import type { Outcome } from "../recovery/outcome.ts";

export function checkDecisionsExplained({ considered, policy }: Outcome): string[] {
  return considered.flatMap(({ before, news, decisions }) => {
    const unexplained = decisions.flatMap((decision) => {
      const again = actionFrom(decision);
      const { id, action, rule, value, threshold, says } = decision;
      if (again === action && says !== "") return [];
      return [`${id}: ${action} by ${rule}, but ${value} against ${threshold} says ${again}`];
    });
    const again = decide(before, news, policy).decisions;
    if (isDeepStrictEqual(again, decisions)) return unexplained;
    return [...unexplained, `decided anew at ${news.atMs} it comes to something else`];
  });
}
