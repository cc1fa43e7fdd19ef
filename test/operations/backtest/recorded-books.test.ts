/**
 * A run over an archive uses the order books that were recorded beside it, each from the time at which it was known.
 */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { sliceOfChunk } from "../../../src/domain/backtest/chunk-slice.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { openArchivePass } from "../../../src/operations/backtest/archive-chunks.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";
import { knownBook, type Levels, putBooks } from "../../helpers/trading/recorded-levels.ts";

const HOUR_MS = 3_600_000;
const dir = makeTemporaryDirectory("recorded-books");
afterAll(() => removeTemporaryDirectory(dir));

const chunk = sliceOfChunk(stretched(realCloses(), HOUR_MS), {
  first: 0,
  count: 60,
  carriedCount: 0,
});
const archive = join(dir, "archive");
const days = putChunk(archive, chunk);
const ASSET = chunk.assets[0]!;
const LEANS_UP: Levels = { bids: [100, 9], asks: [100.2, 1_000_000] };
const LEANS_DOWN: Levels = { bids: [100, 1_000_000], asks: [100.2, 9] };

/** Received so long before the scan. */
const before = (scan: number, levels: Levels, beforeMs = 1_000) =>
  knownBook(ASSET, chunk.timesMs[scan]! - beforeMs, levels);

/** Buys where more is bid than asked, at every scan of which it has a book. */
const byImbalance = (inputs: readonly string[]) =>
  defineStrategy<Record<string, never>, Record<string, never>>({
    ...PLAIN_STRATEGY,
    name: "by-imbalance",
    inputs,
    decide(_, view) {
      const book = view.book(0);
      if (book === null || book.ageMs > 5_000) return null;
      const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 1, bucket: "fixed" };
      const direction = book.imbalance1 > 0 ? "long" : "short";
      return { column: 0, direction, share: 0.2, strength: book.imbalance1, plan };
    },
  });

async function run(name: string, books: string | null, inputs = ["scan", "posture", "book"]) {
  const problems: string[] = [];
  const record = await runBacktest(
    {
      name,
      range: { archive, from: null, to: null, books },
      settings: {
        ...DEFAULT_RUN_SETTINGS,
        convention: { kind: "same_scan" },
        ageBudgetsMs: {
          ...DEFAULT_RUN_SETTINGS.ageBudgetsMs,
          book: 5_000,
          [`book.${ASSET}`]: 5_000,
        },
      },
      differsFromBook: [],
      strategy: { ...(await loadStrategy("velocity-divergence")), choice: byImbalance(inputs) },
      out: join(dir, name),
    },
    {
      onProgress: () => {},
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
    },
  );
  return { record, problems, trades: record.report.trades };
}

test("a run knows a book from when it was here, and walks it; what came later changes nothing", async () => {
  const folder = join(dir, "books");
  const nothing = await run("nothing", folder);
  expect(nothing.trades.count).toBe(0);
  expect(nothing.problems).toEqual([
    `book: nothing was recorded on ${days.length} days, ${days[0]} the first: entries that need it are refused there`,
  ]);
  const known = [before(10, LEANS_DOWN), before(20, LEANS_UP), before(30, LEANS_DOWN, 6_000)];
  putBooks(folder, known);
  const first = await run("first", folder);
  // The third had grown old by its scan.
  expect(first.trades.count).toBe(2);
  expect(first.record.daysWithout?.["book"]?.length).toBeGreaterThan(0);
  expect(first.record.report.run.dataHash).not.toBe(nothing.record.report.run.dataHash);
  // Half of the spread is 10 bps, and without a book 2: with the exits, of which none is known any more.
  const { costs } = first.record;
  expect(costs[0]!.total).toBeGreaterThan(costs[1]!.total);
  expect(costs[1]!.total).toBeGreaterThan(costs[2]!.total);
  const later = join(dir, "later");
  // Received after the scan, if only by a millisecond.
  putBooks(later, [...known, before(40, LEANS_UP, -1), before(59, LEANS_UP, -60_000)]);
  const again = await run("again", later);
  expect(again.trades).toEqual(first.trades);
});

test("of a strategy that names one asset, the others' books are not asked for", async () => {
  const folder = join(dir, "others");
  const other = knownBook(chunk.assets[1]!, chunk.timesMs[10]! - 500, LEANS_UP);
  putBooks(folder, [before(10, LEANS_UP), other]);
  const inputs = ["scan", "posture", `book.${ASSET}`];
  const [one, each] = [await run("one", folder, inputs), await run("each", folder)];
  expect([one.trades.count, each.trades.count]).toEqual([1, 1]);
  expect(one.record.report.run.dataHash).not.toBe(each.record.report.run.dataHash);
  const undeclared = await run("undeclared", folder, ["scan", "posture"]);
  const without = await run("without", null, ["scan", "posture"]);
  expect(undeclared.record.report.resultHash).toBe(without.record.report.resultHash);
  expect(undeclared.problems).toEqual([]);
});

/** When the books that it gives were here. */
async function rest(pass: ReturnType<typeof openArchivePass>, chunks = Infinity) {
  const given: number[] = [];
  let left = chunks;
  for await (const { books = [] } of pass.chunks()) {
    given.push(...books.map(({ knownMs }) => knownMs));
    if ((left -= 1) === 0) break;
  }
  return given;
}

test("a pass that goes on from its snapshot gives what is left, and comes to the same hash", async () => {
  const folder = join(dir, "resumed");
  putBooks(
    folder,
    Array.from({ length: 58 }, (_, at) => before(at + 1, at % 2 === 0 ? LEANS_UP : LEANS_DOWN)),
  );
  const range = { archive, from: null, to: null, books: folder, inputs: ["book"] };
  const whole = openArchivePass(range, () => {});
  const all = await rest(whole);
  expect(all).toHaveLength(58);
  const stopped = openArchivePass(range, () => {});
  const some = await rest(stopped, 1);
  expect(some.length).toBeLessThan(all.length);
  const resumed = openArchivePass(range, () => {}, structuredClone(stopped.snapshot()));
  expect([...some, ...(await rest(resumed))]).toEqual(all);
  expect(resumed.dataHash()).toBe(whole.dataHash());
});
