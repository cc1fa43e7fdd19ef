/** Never more than three restarts of a service in any ten minutes, whoever requested them. */
import type { Outcome } from "../recovery/outcome.ts";

const RESTARTS_MAX = 3;
const WINDOW_S = 600;

export function checkRestartBudget({ restarts, clockForwardS }: Outcome): string[] {
  const byService = new Map<string, number[]>();
  for (const { service, atS } of restarts) {
    byService.set(service, [...(byService.get(service) ?? []), atS]);
  }
  return [...byService].flatMap(([service, times]) =>
    times.flatMap((atS, index) => {
      const first = times[index - RESTARTS_MAX];
      if (first === undefined || WINDOW_S <= atS - first) return [];
      // Records are dated by the wall clock: one that is set forward lets the window pass.
      if (clockForwardS.some((jumpS) => first <= jumpS && jumpS <= atS)) return [];
      return [`${RESTARTS_MAX + 1} restarts of ${service} within ${atS - first} s, up to ${atS} s`];
    }),
  );
}
