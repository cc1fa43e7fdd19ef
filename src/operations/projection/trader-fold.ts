/** The core as a projection folds it: the same steps that the trader made. */
import type { TraderConfiguration } from "../../domain/trading/configuration.ts";
import { unlessUnmemorable } from "../../domain/trading/snapshot/memory.ts";
import { restoreFrom, snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import { createTrader, decisionOf, stepTrader } from "../../domain/trading/trader.ts";
import { decodeTraderSnapshot, encodeTraderSnapshot } from "../../wire/trading/trader-snapshot.ts";
import type { StartFold } from "./trading-projection.ts";

/** Its states are the journal's snapshots: either can be begun with. */
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
      // One configuration holds from beginning to end, so no hash has to tell two apart.
      save: () =>
        unlessUnmemorable(
          () => encodeTraderSnapshot(snapshotOf(trader), ""),
          () => {},
        ),
    };
  };
}
