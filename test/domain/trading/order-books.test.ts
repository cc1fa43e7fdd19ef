/** Order books in a trader: entries without one, what a strategy sees of one, and what a fill pays. */
import { expect, test } from "vitest";
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
import type { Fill } from "../../../src/domain/trading/orders.ts";
import { exactText } from "../../../src/domain/trading/snapshot/exact.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { type BookView, defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { createTrader, stepTrader } from "../../../src/domain/trading/trader.ts";
import { explainDecision } from "../../../src/domain/trading/why/explain-decision.ts";
import { obstacleIn } from "../../../src/domain/trading/why/facts.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, type Unstamped } from "../../helpers/trading/scripted.ts";

/** A tenth of the cash into AAA, at every scan. */
function buyer(inputs: readonly string[], seen: (view: BookView | null) => void = () => {}) {
  return defineStrategy<Record<string, never>, Record<string, never>>({
    ...PLAIN_STRATEGY,
    name: "buyer",
    inputs,
    decide(_, view) {
      seen(view.book(0));
      const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 2, bucket: "fixed" };
      return { column: 0, direction: "long", share: 0.1, strength: 1, plan };
    },
  });
}

function stage(
  inputs: readonly string[],
  {
    paper = {},
    overrides = {},
    seen = () => {},
  }: {
    readonly paper?: Partial<PaperSettings>;
    readonly overrides?: Partial<TraderConfiguration>;
    readonly seen?: (view: BookView | null) => void;
  } = {},
) {
  const { delisting: _, margin: __, ...usual } = CONFIGURATION;
  const configuration: TraderConfiguration = {
    ...usual,
    strategy: buyer(inputs, seen),
    limits: WIDE_LIMITS,
    instruments: {},
    ageBudgetsMs: { scan: 30_000, posture: 30_000, book: 10_000, "book.AAA": 10_000 },
    configuredPosture: "APEX",
    ...overrides,
  };
  const trader = createTrader(configuration);
  const log: TraderEvent[] = [];
  const desk = {
    trader,
    desk: createPaperDesk({ ...DEFAULT_PAPER_SETTINGS, feeBps: 0, ...paper }),
    beforeReport: (event: TraderEvent) => log.push(event),
    onCommands: () => {},
  };
  const tell = (unstamped: Unstamped, atS: number) => {
    const event = { ...unstamped, index: trader.nextIndex, nowMs: DAY_START_MS + atS * 1_000 };
    log.push(event);
    stepDesk(desk, event);
    return event;
  };
  const scan = (seq: number, facts: Partial<ScanEvent> = {}) => {
    const event = tell({ ...scanNumbered(seq, DAY_START_MS + seq * 1_000), ...facts }, seq);
    const { refusal, outcome, subject } = trader.data.decision;
    return { event, was: refusal ?? outcome, of: subject };
  };
  const book = (atS: number, facts: { asset?: string; asOfS?: number; asks?: number[] } = {}) => {
    const { asset = "AAA", asOfS = atS, asks = [101, 4, 103, 6, 105, 1_000] } = facts;
    const asOfMs = DAY_START_MS + asOfS * 1_000;
    tell({ kind: "book", asset, asOfMs, bids: [99, 5, 97, 1_000], asks }, atS);
  };
  const fills = () =>
    log.flatMap((event): Fill[] =>
      "fill" in event && event.fill !== undefined ? [event.fill] : [],
    );
  return { trader, configuration, log, tell, scan, book, fills };
}

const EACH = ["scan", "posture", "book"];
const ONE = ["scan", "posture", "book.AAA"];

test.each([
  ["each", EACH],
  ["one", ONE],
])("nothing is entered without the book of %s, with an old one, or with another's", (_, inputs) => {
  const { trader, scan, book } = stage(inputs);
  const first = scan(1);
  const never = inputs === EACH ? "book" : "book.AAA";
  expect([first.was, first.of]).toEqual(["input_old", never]);
  const why = obstacleIn(explainDecision(trader, first.event).facts);
  expect(why).toMatchObject({ rule: "input_old", subject: never });
  expect(why?.says).toContain("was never received");
  book(2, { asset: "BBB" });
  expect(scan(3)).toMatchObject({ was: "input_old", of: "book.AAA" });
  book(4);
  book(15, { asset: "BBB" });
  const old = scan(16);
  expect([old.was, old.of]).toEqual(["input_old", "book.AAA"]);
  expect(obstacleIn(explainDecision(trader, old.event).facts)?.says).toBe(
    "book.AAA is 12 s old, budget 10 s",
  );
  book(17);
  expect(scan(18).was).toBe("entered");
});

test("a book that is pushed again and again is as old as it says of itself", () => {
  const { scan, book } = stage(EACH);
  const was = Array.from({ length: 20 }, (_, nth) => {
    const at = 2 * nth + 1;
    book(at, { asOfS: 1 });
    return scan(at + 1).was;
  });
  expect(was[0]).toBe("entered");
  // What is open is left by its plan, and nothing is entered in its place.
  expect(was.lastIndexOf("entered")).toBeLessThan(6);
  expect(new Set(was.slice(8))).toEqual(new Set(["input_old"]));
});

test("an entry on its way is taken back when its book has grown old", () => {
  const { trader, scan, book, log } = stage(EACH, {
    paper: { convention: { kind: "latency", latencyMs: 60_000 } },
  });
  book(1);
  book(1, { asset: "BBB" });
  expect(scan(2).was).toBe("entered");
  book(12, { asset: "BBB" });
  scan(13);
  expect(trader.data.working).toHaveLength(0);
  expect(log.at(-1)).toMatchObject({ kind: "order_cancelled" });
});

test("a fill pays what its size walks of the book, beyond the middle of it", () => {
  const { scan, book, fills, trader } = stage(EACH, { paper: { slippageBps: 50 } });
  book(1);
  scan(2);
  const [{ order } = { order: null }] = trader.data.working;
  book(3);
  scan(4, { prices: Float64Array.of(200, 20, 5) });
  const { quantity } = order!;
  // 4 at 1 %, 6 at 3 %, the rest at 5 % beyond the middle.
  const [fill] = fills();
  expect(fill!.quantity).toBe(quantity);
  const paid = (4 * 1.01 + 6 * 1.03 + (quantity - 10) * 1.05) / quantity;
  expect(fill!.price).toBeCloseTo(200 * paid, 9);
  // Out at the best bid, of which there is too little: 5 at 1 %, the rest at 3 % below.
  for (const at of [5, 7, 9]) {
    book(at);
    scan(at + 1);
  }
  const got = (5 * 0.99 + (quantity - 5) * 0.97) / quantity;
  expect(fills().at(-1)!.price).toBeCloseTo(100 * got, 9);
});

test("what the book does not hold pays the configured slippage beyond its last level", () => {
  const { scan, book, fills } = stage(EACH, { paper: { slippageBps: 50 } });
  const asks = [101, 40];
  book(1, { asks });
  scan(2);
  book(3, { asks });
  scan(4);
  const [fill] = fills();
  expect(fill!.quantity).toBeGreaterThan(40);
  const rest = fill!.quantity - 40;
  expect(fill!.price).toBeCloseTo((40 * 101 + rest * 101 * 1.005) / fill!.quantity, 9);
});

test("without a declared book, or with an old one, a fill pays what it paid before", () => {
  const undeclared = stage(["scan", "posture"], { paper: { slippageBps: 50 } });
  undeclared.book(1);
  undeclared.scan(2);
  undeclared.book(3);
  undeclared.scan(4);
  expect(undeclared.fills()[0]!.price).toBe(100 * 1.005);
  const old = stage(EACH, { paper: { slippageBps: 50 } });
  old.book(1);
  for (const seq of [2, 4, 20, 21, 22]) old.scan(seq);
  const [entry, exit] = old.fills();
  expect(entry!.price).toBeGreaterThan(101);
  expect(exit!.price).toBe(100 * 0.995);
});

test("a strategy sees the features of a book, how old it is, and what a size would cost", () => {
  const views: (BookView | null)[] = [];
  const { scan, book } = stage(EACH, { seen: (view) => views.push(view) });
  scan(1);
  book(2);
  scan(5);
  const [none, view] = views;
  expect(none).toBeNull();
  expect(view).toMatchObject({ asOfMs: DAY_START_MS + 2_000, ageMs: 3_000, spreadBps: 200 });
  expect(view!.imbalance1).toBeCloseTo(1 / 9, 12);
  expect(view!.slippageBps("buy", 4)).toBeCloseTo(100, 9);
  expect(view!.slippageBps("buy", 2_000)).toBeNaN();
});

test("a state with books folds on as the log from its start does", () => {
  const { configuration, log, tell, scan, book } = stage(EACH);
  for (let at = 1; at < 30; at += 3) {
    book(at);
    tell({ kind: "feature", name: "mood", value: at, asOfMs: DAY_START_MS }, at + 1);
    scan(at + 2);
  }
  const half = Math.floor(log.length / 2);
  const whole = createTrader(configuration);
  for (const event of log.slice(0, half)) stepTrader(whole, event);
  const restored = restoreFrom(configuration, JSON.parse(exactText(snapshotOf(whole))));
  for (const event of log.slice(half)) {
    stepTrader(whole, event);
    stepTrader(restored, event);
  }
  expect(exactText(snapshotOf(restored))).toBe(exactText(snapshotOf(whole)));
});
