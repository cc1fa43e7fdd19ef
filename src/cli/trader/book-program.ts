/** The program that a book runs as configured now: what a recorded day is held against. */
import { join } from "node:path";
import { codeHash } from "../../adapters/code-hash.ts";
import { readBooks } from "../../adapters/trading-journal/books/books-store.ts";
import { loadStrategies } from "../../adapters/trading-journal/books/configured-strategies.ts";
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
export async function bookProgram(config: Config, book: string) {
  if (book === "GREEN") return NO_LOG;
  const { data_dir: dataDir } = config;
  const settings = settingsOfBook("BLUE", config, readBooks(dataDir));
  const strategyOf = await loadStrategies([settings.strategy]);
  let configuration: BookConfiguration;
  try {
    configuration = bookConfiguration(book, settings, strategyOf);
  } catch (error) {
    return messageOf(error);
  }
  const { trader, paper, hash } = configuration;
  return {
    place: { root: join(dataDir, "journal", "trading"), book },
    program: {
      trader,
      paper,
      configurationHash: hash,
      codeHash: codeHash(trader.strategy.fileHash),
    },
  };
}
