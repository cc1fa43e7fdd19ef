import { expect, test } from "vitest";
import { brings, type FeedRow, feedNamed, feedsFrom } from "../../../src/wire/feeds/feeds.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import {
  bookConfiguration,
  settingsToRecord,
} from "../../../src/wire/trading/book-configuration.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import type { StrategyChoice } from "../../../src/domain/trading/strategy.ts";

test("what is not configured is not read, except what is built in", () => {
  expect(feedsFrom([]).map(({ name }) => name)).toEqual(["posture"]);
  expect(feedsFrom(["exf_dvol", "exf_dvol"]).map(({ name, map, key }) => [name, map, key])).toEqual(
    [
      ["posture", "DOLPHIN_SAFETY", "latest"],
      ["exf_dvol", "DOLPHIN_FEATURES", "exf_dvol"],
    ],
  );
});

test("a feed of which there is no row is named, with those that there are", () => {
  expect(() => feedsFrom(["exf"])).toThrow(
    "feeds: there is no feed 'exf'; there are esof_latest, exf_*, ob_*",
  );
});

test("a row of a whole name goes before one of a beginning", () => {
  const family = feedNamed("exf_latest")!;
  const rows: readonly FeedRow[] = [
    { ...family, name: "exf_*", key: null },
    { ...family, name: "exf_latest", budgetMs: 1 },
  ];
  expect(feedNamed("exf_latest", rows)?.budgetMs).toBe(1);
  expect(feedNamed("exf_other", rows)?.budgetMs).toBe(family.budgetMs);
});

function bookOf(inputs: readonly string[], age_budgets_s: object = {}) {
  const { trader: settings } = Configuration.parse({ trader: { age_budgets_s } });
  const choice: StrategyChoice = {
    ...velocityDivergence,
    start: (...args) => ({ ...velocityDivergence.start(...args), inputs }),
  };
  const of = (section: typeof settings) => bookConfiguration("BLUE", section, () => choice);
  return { book: of(settings), of, settings };
}

test("an input that is declared has the budget of its feed's row, unless another is configured", () => {
  const inputs = ["scan", "posture", "exf_dvol", "exf_term.near"];
  expect(bookOf(inputs).book.trader.ageBudgetsMs).toEqual({
    scan: 30_000,
    posture: 30_000,
    exf_dvol: 3_600_000,
    "exf_term.near": 3_600_000,
  });
  const { book } = bookOf(inputs, { exf_dvol: 90 });
  expect(book.trader.ageBudgetsMs["exf_dvol"]).toBe(90_000);
  expect(bookOf(["scan", "posture"]).book.trader.ageBudgetsMs).not.toHaveProperty("exf_dvol");
});

test("the settings that are recorded name the budget, and give the same hash", () => {
  const { book, of, settings } = bookOf(["scan", "posture", "exf_dvol"]);
  const recorded = settingsToRecord(settings, book);
  expect(recorded.age_budgets_s).toMatchObject({ exf_dvol: 3_600 });
  expect(of(recorded).hash).toBe(book.hash);
});

const BOOK = {
  asset: "BTCUSDT",
  as_of: "2026-03-25T10:00:00.123Z",
  received_at: "2026-03-25T10:00:00.150Z",
  source: "simulated",
  bids: [
    [99.5, 2],
    [99, 3],
  ],
  asks: [[100, 1]],
};

test("the feed of an asset's book is that of its key, and its levels are one event", () => {
  const feed = feedNamed("ob_BTCUSDT")!;
  expect([feed.map, feed.key]).toEqual(["DOLPHIN_FEATURES", "ob_BTCUSDT"]);
  expect(feed.read(JSON.stringify(BOOK), feed.name)).toEqual({
    facts: [
      {
        kind: "book",
        asset: "BTCUSDT",
        asOfMs: Date.parse(BOOK.as_of),
        bids: [99.5, 2, 99, 3],
        asks: [100, 1],
      },
    ],
    isReadable: true,
  });
});

test.each([
  ["of another asset", { asset: "ETHUSDT" }],
  ["crossed", { asks: [[99.5, 1]] }],
  ["out of order", { bids: [[99, 1], [99.5, 1]] }], // prettier-ignore
  ["without a side", { asks: [] }],
  ["with a size that is no number", { asks: [[100, "1"]] }],
  ["without a time", { as_of: null }],
])("a book %s is none", (_, changed) => {
  const feed = feedNamed("ob_BTCUSDT")!;
  const text = JSON.stringify({ ...BOOK, ...changed });
  expect(feed.read(text, feed.name)).toEqual({ facts: [], isReadable: false });
});

test("a declared book has its budget, and is brought by the feeds of books alone", () => {
  const { ageBudgetsMs } = bookOf(["scan", "posture", "book", "book.ETHUSDT"]).book.trader;
  expect(ageBudgetsMs).toMatchObject({ book: 10_000, "book.ETHUSDT": 10_000 });
  expect(brings("ob_ETHUSDT", "book")).toBe(true);
  expect(brings("ob_ETHUSDT", "book.ETHUSDT")).toBe(true);
  expect(brings("ob_ETHUSDT", "book.BTCUSDT")).toBe(false);
  expect(brings("exf_dvol", "book")).toBe(false);
});
