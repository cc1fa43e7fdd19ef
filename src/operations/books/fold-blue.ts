/**
 * Folds BLUE's log across promotions and configuration changes: from the `started` event that announces a new
 * version, that version decides, starting from the promotion's state or from BLUE's own.
 */
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { unlessUnmemorable } from "../../domain/trading/snapshot/memory.ts";
import { restoreFrom, snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import {
  takeVersion,
  versionAt,
  type VersionedBook,
} from "../../domain/trading/snapshot/take-version.ts";
import { createTrader, decisionOf, stepTrader } from "../../domain/trading/trader.ts";
import type { Configuration } from "../../wire/configuration.ts";
import {
  type BookConfiguration,
  bookConfiguration,
  type StrategyOf,
} from "../../wire/trading/book-configuration.ts";
import { type BooksFile, settingsOfBook } from "../../wire/trading/books-file.ts";
import {
  decodeTraderSnapshot,
  encodeTraderSnapshot,
  type SavedState,
} from "../../wire/trading/trader-snapshot.ts";
import type { StartFold } from "../projection/trading-projection.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import { latestSnapshot } from "../../adapters/event-log/snapshots.ts";
import { promotedStateAt, readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import {
  type ConfigurationOf,
  recordedConfigurations,
} from "../../adapters/event-log/books/recorded-configurations.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { traderOf } from "../../domain/supervision/services.ts";

export type FoldBlueDeps = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green">;
  readonly strategyOf: StrategyOf;
  readonly say: (level: "info" | "warn", line: string) => void;
};

type Blue = VersionedBook<BookConfiguration>;

export function foldBlue(deps: FoldBlueDeps): StartFold {
  return (state) => {
    const fold = beginBlue(deps, state === null ? null : decodeTraderSnapshot(state));
    return {
      get nextIndex() {
        return fold.blue.trader.nextIndex;
      },
      step: (event) => {
        const commands = fold.step(event);
        return { commands, decision: decisionOf(fold.blue.trader) };
      },
      save: () =>
        unlessUnmemorable(
          () => encodeTraderSnapshot(snapshotOf(fold.blue.trader), fold.blue.version.hash),
          () => {},
        ),
    };
  };
}

/**
 * `saved`: null for the log's beginning; continues from a later state where an earlier version is no longer
 * available.
 */
export function beginBlue(deps: FoldBlueDeps, saved: SavedState | null) {
  let books = readBooksFile(deps.dataDir);
  let blue = saved === null ? beginning(deps, books) : resumed(deps, books, saved);
  return {
    /** Replaced when the log announces a change. */
    get blue(): Blue {
      return blue;
    },
    step(event: TraderEvent): readonly TraderCommand[] {
      // A promotion happens between two runs of BLUE: only these events can follow it.
      if (event.kind === "started" || event.kind === "day_rolled") {
        books = readBooksFile(deps.dataDir);
        blue =
          promotedBlue(deps, books, event.index - 1) ?? changedBlue(deps, { books, blue }, event);
      }
      return stepTrader(blue.trader, event);
    },
  };
}

function beginning(deps: FoldBlueDeps, books: BooksFile): Blue {
  const version = configurationAt(deps, books, 0);
  return { trader: createTrader(version.trader), version };
}

function resumed(deps: FoldBlueDeps, books: BooksFile, saved: SavedState): Blue {
  const was = restored(deps, books, saved);
  if (was !== null) return was;
  const { nextIndex } = saved.snapshot;
  const since = newestState(deps);
  const isLater = since !== null && nextIndex <= since.snapshot.nextIndex;
  const blue = isLater ? restored(deps, books, since) : null;
  if (blue === null) {
    throw new Error(
      `what BLUE ran at event ${nextIndex - 1} is no longer available, and there is no saved state of ` +
        `what it runs now: start ${traderOf(COUNTED_BOOK).name}`,
    );
  }
  deps.say(
    "info",
    `BLUE.db continues after event ${blue.trader.nextIndex - 1}: what ran at event ` +
      `${nextIndex - 1} is no longer available`,
  );
  return blue;
}

/** Null where the version is no longer available. */
function restored(deps: FoldBlueDeps, books: BooksFile, saved: SavedState): Blue | null {
  const { snapshot, configurationHash } = saved;
  const index = snapshot.nextIndex - 1;
  const version =
    configurationHash === null
      ? configurationAt(deps, books, index)
      : versionsAt(deps, books, index)(configurationHash);
  if (version === null) return null;
  const taken = takeVersion(version.trader, snapshot);
  return taken.kind === "taken" ? { trader: taken.trader, version } : null;
}

/** Null where BLUE was not promoted right after this event. */
function promotedBlue(deps: FoldBlueDeps, books: BooksFile, index: number): Blue | null {
  const isPromoted = books.promotions.some(({ at_index }) => at_index === index);
  const state = isPromoted ? promotedStateAt(deps.dataDir, index) : null;
  if (state === null) return null;
  const version =
    versionsAt(deps, books, index + 1)(state.blueHash) ?? configurationAt(deps, books, index + 1);
  return { trader: restoreFrom(version.trader, state.blue), version };
}

function changedBlue(
  deps: FoldBlueDeps,
  { books, blue }: { readonly books: BooksFile; readonly blue: Blue },
  event: TraderEvent,
): Blue {
  const changed = versionAt(blue, event, versionsAt(deps, books, event.index));
  if (changed !== null || event.kind !== "started") return changed ?? blue;
  const newest = newestState(deps);
  if (newest?.configurationHash === event.configurationHash) {
    throw new Error(
      "BLUE runs a file of its strategy that was changed since this process loaded it",
    );
  }
  // The version is not available: the previous one is the best approximation.
  return blue;
}

function newestState(deps: FoldBlueDeps): SavedState | null {
  const { snapshot } = latestSnapshot(journalFolder(deps), Number.MAX_SAFE_INTEGER);
  return snapshot === null ? null : decodeTraderSnapshot(snapshot.bytes);
}

function versionsAt(deps: FoldBlueDeps, books: BooksFile, index: number): ConfigurationOf {
  const present = configurationAt(deps, books, index);
  return recordedConfigurations(journalFolder(deps), deps.strategyOf, present);
}

function journalFolder({ dataDir }: FoldBlueDeps): string {
  return bookFolder(tradingRoot(dataDir), COUNTED_BOOK);
}

/** The configuration that BLUE ran when it took the event of this index. */
function configurationAt(
  { configuration, strategyOf }: FoldBlueDeps,
  books: BooksFile,
  index: number,
): BookConfiguration {
  const later = books.promotions.filter(({ at_index }) => index <= at_index).length;
  const is_exchanged = books.is_exchanged !== (later % 2 === 1);
  const settings = settingsOfBook(COUNTED_BOOK, configuration, { is_exchanged });
  return bookConfiguration(COUNTED_BOOK, settings, strategyOf);
}
