/**
 * The strategies that a configuration names, loaded once for a process. Each is asked for when a book
 * is configured, so what is wrong with one is no matter of a book that does not run it.
 */
import { messageOf } from "../../domain/failure.ts";
import type { StrategyChoice } from "../../domain/trading/strategy.ts";
import type { Configuration } from "../../wire/configuration.ts";
import type { StrategyOf } from "../../wire/trading/book-configuration.ts";
import { loadStrategy } from "../../adapters/strategy-file/load-strategy.ts";

/** Never rejects. */
export async function loadStrategies(names: readonly string[]): Promise<StrategyOf> {
  const found = new Map<string, StrategyChoice | Error>();
  for (const name of names) {
    const loaded = await loadStrategy(name).then(
      ({ choice }) => choice,
      (error: unknown) => new Error(`key 'strategy': ${messageOf(error)}`, { cause: error }),
    );
    found.set(name, loaded);
  }
  return (named) => {
    const strategy = found.get(named) ?? new Error(`strategy ${named} was not loaded`);
    if (strategy instanceof Error) throw strategy;
    return strategy;
  };
}

/** Loads the strategies of both books, in whatever place a promotion has put them. */
export function loadStrategiesOf({
  trader,
  green,
}: Pick<Configuration, "trader" | "green">): Promise<StrategyOf> {
  return loadStrategies([trader.strategy, ...(green.strategy === null ? [] : [green.strategy])]);
}
