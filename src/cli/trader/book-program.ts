/** The program that a recorded day is held against: what ran then if it can be had, else what is configured now. */
import { codeHash } from "../../adapters/code-hash.ts";
import { readBooks } from "../../adapters/trading-journal/books/books-store.ts";
import { loadStrategies } from "../../adapters/trading-journal/books/configured-strategies.ts";
import {
  recordedConfigurations,
  recordedStrategy,
} from "../../adapters/trading-journal/books/recorded-configurations.ts";
import { configurationHashOf } from "../../adapters/trading-journal/replay/replay-day.ts";
import { bookFolder, tradingRoot } from "../../adapters/trading-journal/segments/segment-files.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import {
  type BookConfiguration,
  bookConfiguration,
} from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";

/** Neither a replay nor a drift of it has anything to be held against. */
const NO_LOG =
  "book GREEN has no log of its own: it follows from BLUE's log and its own configuration; take --book BLUE";

/** A sentence for GREEN, and where the configuration names no strategy, or one that can't be run. */
export async function bookProgram(config: Config, book: string, day: string) {
  if (book === "GREEN") return NO_LOG;
  const { data_dir: dataDir } = config;
  const place = { root: tradingRoot(dataDir), book };
  const folder = bookFolder(place.root, book);
  const settings = settingsOfBook("BLUE", config, readBooks(dataDir));
  const ran = configurationHashOf(place, day);
  const recorded = ran === null ? [] : recordedStrategy(folder, ran);
  const strategyOf = await loadStrategies([settings.strategy, ...recorded]);
  let present: BookConfiguration;
  try {
    present = bookConfiguration(book, settings, strategyOf);
  } catch (error) {
    return messageOf(error);
  }
  const former = ran === null ? null : recordedConfigurations(folder, strategyOf, present)(ran);
  const { trader, paper, hash } = former ?? present;
  return {
    place,
    program: {
      trader,
      paper,
      configurationHash: hash,
      codeHash: codeHash(trader.strategy.fileHash),
    },
  };
}
