/** The example with funding and order books: it trades on recorded values, and not without them. */
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layOutInputs, type LaidOut } from "../../../examples/inputs/simulated-inputs.ts";
import { readingsPath } from "../../../src/adapters/indicators/readings-store.ts";
import { booksFolder } from "../../../src/adapters/order-book/book-archive.ts";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { sliceOfChunk } from "../../../src/domain/backtest/chunk-slice.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { runOfBook } from "../../../src/wire/backtest/book-run.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const SOURCE = resolve(import.meta.dirname, "../../../examples/strategies/crowded-side.ts");
const dir = makeTemporaryDirectory("crowded-side");
let laidOut: LaidOut;

beforeAll(async () => {
  const chunk = sliceOfChunk(realCloses(), { first: 0, count: 400, carriedCount: 0 });
  laidOut = await layOutInputs(dir, chunk);
});
afterAll(() => removeTemporaryDirectory(dir));

async function run(name: string, of: { readonly hasRates: boolean; readonly hasBooks: boolean }) {
  const strategy = await loadStrategy(SOURCE);
  const book = Configuration.parse({}).trader;
  const { settings } = runOfBook(book, {}, { choice: strategy.choice, source: SOURCE });
  const { archive, dataDir } = laidOut;
  const problems: string[] = [];
  const { report } = await runBacktest(
    {
      name,
      range: {
        archive,
        from: null,
        to: null,
        readings: of.hasRates ? readingsPath(dataDir) : null,
        books: of.hasBooks ? booksFolder(dataDir) : null,
      },
      settings,
      differsFromBook: [],
      strategy,
      out: join(dir, name),
    },
    {
      onProgress: () => {},
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
    },
  );
  return { report, problems };
}

test("it trades both ways where both are recorded", async () => {
  const { report, problems } = await run("both", { hasRates: true, hasBooks: true });
  expect(problems).toEqual([]);
  const { count, long } = report.trades;
  expect(long).toBeGreaterThan(0);
  expect(count).toBeGreaterThan(long);
});

test.each([
  ["exf_funding", { hasRates: false, hasBooks: true }],
  ["book", { hasRates: true, hasBooks: false }],
])("without %s it makes no trade, and the run says which days lack it", async (input, has) => {
  const { report, problems } = await run(`no-${input}`, has);
  expect(report.trades.count).toBe(0);
  expect(problems.join()).toContain(`${input}: nothing was recorded on`);
});
