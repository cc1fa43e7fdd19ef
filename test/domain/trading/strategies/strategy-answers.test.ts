import { expect, test } from "vitest";
import {
  defineStrategy,
  type MarketView,
  type StrategyChoice,
} from "../../../../src/domain/trading/strategy.ts";

const RIGHT = {
  column: 1,
  direction: "short",
  share: 0.2,
  strength: -3,
  plan: { takeProfit: 0.01, stopLoss: Infinity, holdScansMax: Infinity, bucket: "" },
};

const VIEW: MarketView = {
  assetCount: 2,
  scanCount: 1,
  nowMs: 0,
  scanNumber: 1,
  largestEigenvalue: 1,
  at: () => 1,
  before: () => 1,
  nameOf: () => "AAA",
  carried: () => 0,
  feature: () => 0,
  featureAgeMs: () => 0,
  book: () => null,
};

/** As from a file that never met a type checker. */
function started(answers: Readonly<Record<string, unknown>>, overrides = {}) {
  const answer = (part: string, usual: unknown) => () => (part in answers ? answers[part] : usual);
  const untyped: unknown = {
    name: "mine",
    version: 1,
    inputs: ["scan"],
    carried: [],
    defaults: { rate: 1 },
    presets: { odd: answers["preset"] ?? {} },
    lookBackScans: answer("lookBackScans", 1),
    positionsMax: answer("positionsMax", 1),
    remember: answer("remember", {}),
    observe: () => {},
    isWarm: answer("isWarm", true),
    decide: answer("decide", RIGHT),
    shouldExit: answer("shouldExit", false),
    readings: answer("readings", { pace: 1, isFast: true }),
  };
  const choice: StrategyChoice = Reflect.apply(defineStrategy, undefined, [untyped]);
  return choice.start(overrides, "mine.ts");
}

const POSITION = { column: 0, asset: 0, direction: "long", entryPrice: 1, heldScans: 1 } as const;

/** Asks for everything. */
function ask(answers: Readonly<Record<string, unknown>>, overrides = {}) {
  const strategy = started(answers, overrides);
  strategy.isWarm();
  strategy.shouldExit?.(VIEW, POSITION);
  strategy.readings();
  return strategy.decide(VIEW);
}

test("a right answer passes, and none is null", () => {
  expect(ask({})).toEqual(RIGHT);
  expect(ask({ decide: null })).toBeNull();
});

test.each([
  [{ ...RIGHT, direction: "LONG" }, "decide's direction must be 'long' or 'short', was 'LONG'"],
  [
    { ...RIGHT, column: "BTCUSDT" },
    "decide's column must be a whole number from 0 on, was 'BTCUSDT'",
  ],
  [{ ...RIGHT, column: undefined }, "decide's column must be"],
  [{ direction: "long", asset: "BTC" }, "decide's column must be a whole number from 0 on"],
  [{ ...RIGHT, column: 2 }, "decide's column must be below 2, was 2"],
  [
    { ...RIGHT, share: Number.NaN },
    "decide's share must be a number above 0, as a share of the cash",
  ],
  [
    { ...RIGHT, share: -1 },
    "decide's share must be a number above 0, as a share of the cash, was -1",
  ],
  [{ ...RIGHT, strength: undefined }, "decide's strength must be a number, was undefined"],
  [{ ...RIGHT, plan: null }, "decide's plan must be an object, was null"],
  [planned({ stopLoss: -0.01 }), "decide's plan.stopLoss must be a number above 0, was -0.01"],
  [planned({ takeProfit: "1%" }), "decide's plan.takeProfit must be a number above 0, was '1%'"],
  [planned({ holdScansMax: undefined }), "decide's plan.holdScansMax must be a number of scans"],
  [planned({ bucket: 3 }), "decide's plan.bucket must be a text, was 3"],
  [undefined, "decide must be a signal, or null for none, was undefined"],
])("the signal %j is refused by field and value", (decide, message) => {
  expect(() => ask({ decide })).toThrow(`strategy mine (mine.ts): ${message}`);
});

function planned(part: object) {
  return { ...RIGHT, plan: { ...RIGHT.plan, ...part } };
}

test.each([
  [{ remember: null }, "remember must be an object, was null"],
  [{ remember: { seen: [undefined] } }, "remember's memory.seen[0] is undefined, which a snapshot"],
  [{ lookBackScans: 1.5 }, "lookBackScans must be a whole number from 0 on, was 1.5"],
  [{ positionsMax: "3" }, "positionsMax must be a whole number from 0 on, was '3'"],
  [{ isWarm: 1 }, "isWarm must be true or false, was 1"],
  [{ shouldExit: "no" }, "shouldExit must be true or false, was 'no'"],
  [{ readings: { pace: "fast" } }, "readings' pace must be a number, true or false, was 'fast'"],
  [{ readings: undefined }, "readings must be an object, was undefined"],
])("of other parts %j is refused", (answers, message) => {
  expect(() => ask(answers)).toThrow(`strategy mine (mine.ts): ${message}`);
});

test("a parameter that is no number is refused, from a preset too", () => {
  expect(() => ask({}, { rate: Number.NaN })).toThrow("parameter rate must be a finite number");
  expect(() => ask({ preset: { rate: null } }, { preset: "odd" })).toThrow(
    "parameter rate must be a finite number, true, false or a text, was null",
  );
});
