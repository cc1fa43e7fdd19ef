/** The dependencies of the backtest activities: this machine's archive, its data directory, threads. */
import { join, resolve } from "node:path";
import type { BacktestWorld } from "../activities/backtest.ts";
import { runBatchTask } from "../operations/backtest/batch-task.ts";
import { hasSearchAttributes, type TemporalClient } from "../adapters/temporal-client.ts";
import { readBooksFile } from "../adapters/event-log/books/books-store.ts";
import { booksFolder } from "../adapters/order-book/book-archive.ts";
import { readingsPath } from "../adapters/indicators/readings-store.ts";
import type { Config } from "../config.ts";
import { settingsOfBook } from "../wire/trading/books-file.ts";
import { COUNTED_BOOK } from "../domain/trading/books.ts";

export function backtestWorld(config: Config, temporal: TemporalClient): BacktestWorld {
  return {
    perform: runBatchTask,
    placeOf: ({ archive, name }) => ({
      archive: archive === null ? config.archive : resolve(archive),
      out: join(config.data_dir, "backtests", name),
      readings: readingsPath(config.data_dir),
      books: booksFolder(config.data_dir),
    }),
    bookOf: () => settingsOfBook(COUNTED_BOOK, config, readBooksFile(config.data_dir)),
    hasSearchAttributes: () => hasSearchAttributes(temporal),
  };
}
