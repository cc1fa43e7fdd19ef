/**
 * BLUE's log folded across promotions: from the event of one on, the other version decides, from the
 * state that the promotion left.
 */
import type { TraderEvent } from "../../../domain/trading/events.ts";
import { restoreFrom, snapshotOf } from "../../../domain/trading/snapshot/snapshot.ts";
import {
  createTrader,
  decisionOf,
  stepTrader,
  type Trader,
} from "../../../domain/trading/trader.ts";
import type { Configuration } from "../../../wire/configuration.ts";
import { bookConfiguration, type StrategyOf } from "../../../wire/trading/book-configuration.ts";
import { type BooksFile, settingsOfBook } from "../../../wire/trading/books-file.ts";
import {
  decodeTraderSnapshot,
  encodeTraderSnapshot,
} from "../../../wire/trading/trader-snapshot.ts";
import type { StartFold } from "../projection/trading-projection.ts";
import { promotedStateAt, readBooks } from "./books-store.ts";

type FoldBlueDeps = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
  readonly strategyOf: StrategyOf;
};

export function foldBlue(deps: FoldBlueDeps): StartFold {
  return (state) => {
    let books = readBooks(deps.dataDir);
    let trader = startTrader(deps, books, state);
    const step = (event: TraderEvent) => {
      // A promotion lies between two runs of BLUE: only these can follow it.
      if (event.kind === "started" || event.kind === "day_rolled") {
        books = readBooks(deps.dataDir);
        trader = promotedTrader(deps, books, event.index - 1) ?? trader;
      }
      const commands = stepTrader(trader, event);
      return { commands, decision: decisionOf(trader) };
    };
    return {
      get nextIndex() {
        return trader.nextIndex;
      },
      step,
      save: () => encodeTraderSnapshot(snapshotOf(trader)),
    };
  };
}

function startTrader(deps: FoldBlueDeps, books: BooksFile, state: Uint8Array | null): Trader {
  if (state === null) return createTrader(configurationAt(deps, books, 0));
  const snapshot = decodeTraderSnapshot(state);
  return restoreFrom(configurationAt(deps, books, snapshot.nextIndex - 1), snapshot);
}

/** Null where BLUE was not promoted right after this event. */
function promotedTrader(deps: FoldBlueDeps, books: BooksFile, index: number): Trader | null {
  const isPromoted = books.promotions.some(({ at_index }) => at_index === index);
  const state = isPromoted ? promotedStateAt(deps.dataDir, index) : null;
  if (state === null) return null;
  return restoreFrom(configurationAt(deps, books, index + 1), state.blue);
}

/** What BLUE ran when it took the event of this index. */
function configurationAt(deps: FoldBlueDeps, books: BooksFile, index: number) {
  const { configuration, strategyOf } = deps;
  const later = books.promotions.filter(({ at_index }) => index <= at_index).length;
  const is_exchanged = books.is_exchanged !== (later % 2 === 1);
  const settings = settingsOfBook("BLUE", configuration, { is_exchanged });
  return bookConfiguration("BLUE", settings, strategyOf).trader;
}
