/**
 * A day on which features and order books affect decisions and prices, compared with a run that gets them as they
 * became known.
 */
import { expect, test } from "vitest";
import type { RecordedBook } from "../../../src/domain/backtest/backtest-run.ts";
import { booksSoFar } from "../../../src/domain/backtest/books-so-far.ts";
import { beginArchivedDay, takeArchived } from "../../../src/domain/backtest/drift/archived-day.ts";
import { driftBetween } from "../../../src/domain/backtest/drift/drift.ts";
import { beginRecordedDay, takeRecorded } from "../../../src/domain/backtest/drift/recorded-day.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import {
  DEFAULT_PAPER_SETTINGS,
  type PaperSettings,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../../src/domain/trading/broker/step-desk.ts";
import {
  type TraderConfiguration,
  WIDE_LIMITS,
} from "../../../src/domain/trading/configuration.ts";
import type { ScanEvent, TraderEvent } from "../../../src/domain/trading/events.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, type Unstamped } from "../../helpers/trading/scripted.ts";

/** Into AAA while the rate is above zero, on the side that more is bid on. */
const leaning = defineStrategy<Record<string, never>, Record<string, never>>({
  ...PLAIN_STRATEGY,
  name: "leaning",
  inputs: ["scan", "posture", "exf_funding", "book"],
  decide(_, view) {
    const book = view.book(0);
    if (book === null || !(view.feature("exf_funding") > 0)) return null;
    const direction = book.imbalance1 > 0 ? "long" : "short";
    const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 3, bucket: "fixed" };
    return { column: 0, direction, share: 0.1, strength: 1, plan };
  },
});
const PAPER: PaperSettings = DEFAULT_PAPER_SETTINGS;
const { delisting: _delisting, margin: _margin, scanOffsetMaxMs: _bound, ...USUAL } = CONFIGURATION;
const CONFIGURED: TraderConfiguration = {
  ...USUAL,
  strategy: leaning,
  limits: WIDE_LIMITS,
  instruments: {},
  ageBudgetsMs: { scan: 30_000, posture: 30_000, exf_funding: 60_000, book: 10_000 },
  configuredPosture: "APEX",
};
const LATENCY_MS = 100;
const SCANS = 200;

type Heard = { readonly atMs: number; readonly fact: Unstamped };

/** A scan a second, a book in the middle of each, and a rate every twenty that changes its sign now and then. */
function dayHeard(): Heard[] {
  const random = seededRandom(5);
  return Array.from({ length: SCANS }, (_, at): Heard[] => {
    const asOfMs = DAY_START_MS + (at + 1) * 1_000;
    const bookMs = asOfMs - 500;
    const levels = () => [1 + random.uniform() * 10, 1_000];
    const [[bid, deepBid], [ask, deepAsk]] = [levels(), levels()];
    const rate = { kind: "feature", name: "exf_funding", value: random.uniform() - 0.2 } as const;
    const bids = [99.9, bid!, 99, deepBid!];
    const asks = [100.1, ask!, 101, deepAsk!];
    return [
      ...(at % 20 === 0 ? [{ atMs: bookMs - 100, fact: { ...rate, asOfMs: bookMs - 3_000 } }] : []),
      { atMs: bookMs, fact: { kind: "book", asset: "AAA", asOfMs: bookMs - 20, bids, asks } },
      { atMs: asOfMs + LATENCY_MS, fact: scanNumbered(at + 1, asOfMs) },
    ];
  }).flat();
}

function recorded(heard: readonly Heard[]): readonly TraderEvent[] {
  const trader = createTrader(CONFIGURED);
  const log: TraderEvent[] = [];
  const desk = {
    trader,
    desk: createPaperDesk(PAPER),
    beforeReport: (event: TraderEvent) => log.push(event),
    onCommands() {},
  };
  for (const { atMs: nowMs, fact } of heard.toSorted((one, other) => one.atMs - other.atMs)) {
    const event = { ...fact, index: trader.nextIndex, nowMs };
    log.push(event);
    stepDesk(desk, event);
  }
  return log;
}

/** `known`: what the archive knows of features and books, and when it does; `archived`: its scans. */
function driftOf(
  heard: readonly Heard[],
  known: readonly Heard[],
  archived: readonly Heard[] = heard,
) {
  const log = recorded(heard);
  const day = beginRecordedDay(createTrader(CONFIGURED));
  for (const event of log) takeRecorded(day, event);
  const readings = known.flatMap(({ atMs, fact }) =>
    fact.kind === "feature"
      ? [{ takesEffectMs: atMs, event: { ...fact, index: 0, nowMs: atMs } }]
      : [],
  );
  const books = known.flatMap(({ atMs: knownMs, fact }): RecordedBook[] =>
    fact.kind === "book" ? [{ ...fact, knownMs }] : [],
  );
  const again = beginArchivedDay(
    { ...day, readings },
    { trader: CONFIGURED, paper: PAPER },
    booksSoFar(books, ({ knownMs }) => knownMs),
  );
  for (const { fact } of archived) if (isScan(fact)) takeArchived(again, { ...fact });
  return driftBetween(day.trace, again.trace);
}

function isScan(fact: Unstamped): fact is Omit<ScanEvent, "index" | "nowMs"> {
  return fact.kind === "scan";
}

test("a day of which all is known as it was received has none", () => {
  const heard = dayHeard();
  const { decisions, trades, first } = driftOf(heard, heard);
  expect([decisions.differences, trades.differences, first]).toEqual([0, 0, []]);
  expect(trades.compared).toBeGreaterThan(20);
});

test.each([
  ["a rate that was heard late", "feature"],
  ["books that were heard late", "book"],
])("%s explains decisions and prices that differ", (_, kind) => {
  const known = dayHeard();
  const heard = known.map((one) =>
    one.fact.kind === kind ? { ...one, atMs: one.atMs + 4_700 } : one,
  );
  const { decisions, trades } = driftOf(heard, known);
  expect(decisions.causes.feature).toBeGreaterThan(0);
  expect(trades.causes.feature).toBeGreaterThan(0);
  expect([decisions.causes.unexplained, trades.causes.unexplained]).toEqual([0, 0]);
});

test("a fill at another book is explained by it where no decision differs", () => {
  const known = dayHeard().map((one) =>
    one.fact.kind === "book" ? { ...one, fact: { ...one.fact, bids: [99.9, 1, 99, 1_000] } } : one,
  );
  // Each arrives between its scan and the time at which that was taken, and leans the same way.
  const heard = known.map((one) =>
    one.fact.kind === "book" ? { ...one, atMs: one.atMs - 420 } : one,
  );
  const { decisions, trades } = driftOf(heard, known);
  // The first fill leaves another cash, from which the next sizes follow.
  expect(trades.causes.feature).toBeGreaterThan(0);
  expect([decisions.causes.unexplained, trades.causes.unexplained]).toEqual([0, 0]);
});

test("the book of an asset that a decision does not go by explains nothing of it", () => {
  const usual = dayHeard();
  const heard = usual.map((one, at) =>
    // Other prices, as no cause knows them.
    one.fact.kind === "scan" && at > usual.length / 2
      ? { ...one, fact: { ...one.fact, prices: one.fact.prices.map((price) => price * 1.01) } }
      : one,
  );
  const strangers = usual.flatMap((one): Heard[] =>
    one.fact.kind === "book" ? [{ ...one, fact: { ...one.fact, asset: "ZZZ" } }] : [],
  );
  const { decisions, trades } = driftOf(
    heard,
    [...usual, ...strangers].toSorted((a, b) => a.atMs - b.atMs),
    usual,
  );
  expect([decisions.causes.feature, trades.causes.feature]).toEqual([0, 0]);
  expect(decisions.causes.unexplained + trades.causes.unexplained).toBeGreaterThan(0);
});

test("a state of the day's middle folds on with its books", () => {
  const log = recorded(dayHeard());
  const trader = createTrader(CONFIGURED);
  expect(trader.data.books).toBeUndefined();
  const day = beginRecordedDay(trader);
  for (const event of log) takeRecorded(day, event);
  const restored = restoreFrom(CONFIGURED, structuredClone(snapshotOf(trader)));
  expect(restored.data.books).toEqual(trader.data.books);
});
