/**
 * Loads the strategies that a configuration names, once per process. An error is only raised when a book is
 * configured with that strategy, so it does not affect other books.
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

/** Loads the strategies of both books, whichever book a promotion has given them to. */
export function loadStrategiesOf({
  trader,
  green,
}: Pick<Configuration, "trader" | "green">): Promise<StrategyOf> {
  return loadStrategies([trader.strategy, ...(green.strategy === null ? [] : [green.strategy])]);
}
