/** The strategies that come with the code; all others are users' own files. */
import type { StrategyChoice } from "../strategy.ts";
import { velocityDivergence } from "./velocity-divergence.ts";

const BUILT_IN: readonly StrategyChoice[] = [velocityDivergence];

/** @throws {Error} that lists the names. */
export function builtInStrategy(named: string): StrategyChoice {
  const found = BUILT_IN.find(({ name }) => name === named);
  if (found !== undefined) return found;
  const names = BUILT_IN.map(({ name }) => name).join(", ");
  throw new Error(
    `'${named}' is neither a strategy's file nor a built-in strategy (there is ${names})`,
  );
}
