/**
 * The program with which a recorded day is compared: the recorded one if it is available, else the configured one.
 */
import { codeHash } from "../../adapters/code/code-hash.ts";
import { readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import { loadStrategies } from "../books/configured-strategies.ts";
import {
  recordedConfigurations,
  recordedStrategy,
} from "../../adapters/event-log/books/recorded-configurations.ts";
import { configurationHashOf } from "./replay-day.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import {
  type BookConfiguration,
  bookConfiguration,
} from "../../wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { COUNTED_BOOK, hasLog } from "../../domain/trading/books.ts";

/** The part of the configuration that this needs. */
export type BookSettings = Pick<Config, "archive" | "data_dir" | "green" | "trader">;

/** Such a book can have neither a replay nor a drift. */
export function noLog(book: string): string {
  return (
    `book ${book} has no log of its own: it follows from ${COUNTED_BOOK}'s log and its own ` +
    `configuration; use --book ${COUNTED_BOOK}`
  );
}

/** A sentence for GREEN, and where the configured strategy is missing or can't be loaded. */
export async function bookProgram(config: BookSettings, book: string, day: string) {
  if (!hasLog(book)) return noLog(book);
  const { data_dir: dataDir } = config;
  const place = { root: tradingRoot(dataDir), book };
  const folder = bookFolder(place.root, book);
  const settings = settingsOfBook(COUNTED_BOOK, config, readBooksFile(dataDir));
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
