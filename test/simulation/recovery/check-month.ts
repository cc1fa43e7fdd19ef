/** Everything that must hold for a simulated month. */
import { checkDecisionsExplained } from "../checkers/decisions-explain-themselves.ts";
import { checkHealthyLeftAlone } from "../checkers/healthy-left-alone.ts";
import { checkOthersAtFault } from "../checkers/others-at-fault.ts";
import { checkRepairedInTime } from "../checkers/repaired-in-time.ts";
import { checkRestartBudget } from "../checkers/restart-budget.ts";
import { randomMonth } from "./month-script.ts";
import type { Outcome } from "./outcome.ts";
import { type Options, simulateMonth } from "./simulate-month.ts";

export const CHECKERS: Readonly<Record<string, (outcome: Outcome) => string[]>> = {
  "restart budget": checkRestartBudget,
  "healthy left alone": checkHealthyLeftAlone,
  "others at fault": checkOthersAtFault,
  "repaired in time": checkRepairedInTime,
  "decisions explained": checkDecisionsExplained,
};

/** One sentence for each violation; the seed alone replays it. */
export function checkMonth(seed: number, options: Options = {}) {
  const outcome = simulateMonth(randomMonth(seed), options);
  const violations = Object.entries(CHECKERS).flatMap(([name, check]) =>
    check(outcome).map((sentence) => `seed ${seed}, ${name}: ${sentence}`),
  );
  return { outcome, violations };
}
