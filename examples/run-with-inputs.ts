/**
 * A tear sheet of a strategy that uses funding and order books: real closes, simulated inputs.
 *
 *     node examples/run-with-inputs.ts DIR
 *
 * DIR becomes an archive and a data directory with what is recorded there, to run on again with `dolphin`.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadStrategy } from "../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest } from "../src/operations/backtest/run-backtest.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { runOfBook } from "../src/wire/backtest/book-run.ts";
import { readingsPath } from "../src/adapters/indicators/readings-store.ts";
import { booksFolder } from "../src/adapters/order-book/book-archive.ts";
import { layOutInputs } from "./inputs/simulated-inputs.ts";
import { closesToChunk } from "./strategies/closes-to-chunk.ts";

const [dir] = process.argv.slice(2);
if (dir === undefined) {
  process.stderr.write("usage: node examples/run-with-inputs.ts DIR\n");
  process.exit(64);
}
const source = resolve(import.meta.dirname, "strategies/crowded-side.ts");
const closes = resolve(import.meta.dirname, "data/crypto-5m-closes.csv");
const { archive, dataDir } = await layOutInputs(dir, closesToChunk(readFileSync(closes, "utf8")));
const strategy = await loadStrategy(source);
const book = Configuration.parse({}).trader;
const { settings, differsFromBook } = runOfBook(book, {}, { choice: strategy.choice, source });
const out = join(dir, "crowded-side");
const record = await runBacktest(
  {
    name: "crowded-side (simulated inputs)",
    range: {
      archive,
      from: null,
      to: null,
      readings: readingsPath(dataDir),
      books: booksFolder(dataDir),
    },
    settings,
    differsFromBook,
    strategy,
    out,
  },
  {
    onProgress: () => {},
    onProblem: (problem) => process.stderr.write(`${problem}\n`),
    signal: new AbortController().signal,
  },
);
const { trades, returns } = record.report;
process.stdout.write(`${trades.count} trades, total return ${returns.total}\n${out}\n`);
