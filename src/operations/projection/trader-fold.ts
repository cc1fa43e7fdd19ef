/** The core as a projection folds it: the same steps as the trader's. */
import type { TraderConfiguration } from "../../domain/trading/configuration.ts";
import { unlessUnmemorable } from "../../domain/trading/snapshot/memory.ts";
import { restoreFrom, snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import { createTrader, decisionOf, stepTrader } from "../../domain/trading/trader.ts";
import { decodeTraderSnapshot, encodeTraderSnapshot } from "../../wire/trading/trader-snapshot.ts";
import type { StartFold } from "./trading-projection.ts";

/** Its states have the format of the journal's snapshots, so it can start from either. */
export function foldTrader(configuration: TraderConfiguration): StartFold {
  return (state) => {
    const trader =
      state === null
        ? createTrader(configuration)
        : restoreFrom(configuration, decodeTraderSnapshot(state).snapshot);
    return {
      get nextIndex() {
        return trader.nextIndex;
      },
      step(event) {
        const commands = stepTrader(trader, event);
        return { commands, decision: decisionOf(trader) };
      },
      // The configuration never changes within it, so no hash is needed.
      save: () =>
        unlessUnmemorable(
          () => encodeTraderSnapshot(snapshotOf(trader), ""),
          () => {},
        ),
    };
  };
}
