import { expect, test } from "vitest";
import {
  createPaperBroker,
  DEFAULT_PAPER_SETTINGS,
  stepPaperBroker,
  type PaperSettings,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import {
  type BrokerOrder,
  commandsAgain,
  reconcile,
} from "../../../src/domain/trading/broker/reconcile.ts";
import type { ScanEvent } from "../../../src/domain/trading/events.ts";
import type { Order } from "../../../src/domain/trading/orders.ts";
import { createTrader, stepTrader, workingOrdersOf } from "../../../src/domain/trading/trader.ts";
import { CONFIGURATION, playDay } from "../../helpers/trading/random-day.ts";

const ORDER: Order = {
  clientOrderId: "BLUE-s10-1",
  asset: "AAA",
  side: "sell",
  quantity: 8,
  purpose: "entry",
  positionId: "BLUE-s10-1",
  decidedSeq: 10,
  decidedAtMs: 10_000,
  referencePrice: 100,
  reason: "signal",
  ages: [],
};
const NONE = new Float64Array(0);

function scanAt(seq: number, price: number): ScanEvent {
  return {
    kind: "scan",
    index: seq,
    nowMs: seq * 1_000,
    seq,
    scanNumber: seq,
    asOfMs: seq * 1_000,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets: ["AAA"],
    prices: Float64Array.of(price),
    pricesAt: 0,
    carried: NONE,
    carriedAt: 0,
    eigenvalues: NONE,
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
  };
}

/** Submits at scan 10; scan n costs 100 + n. Scan 11 is stale. Returns when and at what it filled. */
function fillsOf(settings: Partial<PaperSettings>, order = ORDER) {
  const broker = createPaperBroker({ ...DEFAULT_PAPER_SETTINGS, slippageBps: 0, ...settings });
  const fills: { seq: number; price: number; quantity: number; fee: number }[] = [];
  for (let seq = 10; seq < 20; seq += 1) {
    const commands = seq === 10 ? [{ kind: "submit_order", order } as const] : [];
    const event = scanAt(seq, 100 + seq);
    for (const report of stepPaperBroker(broker, { event, commands, isFresh: seq !== 11 })) {
      if ("fill" in report) {
        const { price, quantity, fee } = report.fill;
        fills.push({ seq, price, quantity, fee });
      }
    }
  }
  return fills;
}

test.each([
  [{ kind: "same_scan" }, 10],
  // The scan after the decision is stale: nothing fills at its price.
  [{ kind: "next_scan" }, 12],
  [{ kind: "latency", latencyMs: 1_500 }, 12],
  [{ kind: "latency", latencyMs: 4_000 }, 14],
] as const)("%j fills at scan %i, at its observed price", (convention, seq) => {
  expect(fillsOf({ convention, feeBps: 4 })).toEqual([
    { seq, price: 100 + seq, quantity: 8, fee: (4 / 10_000) * (100 + seq) * 8 },
  ]);
});

test("slippage costs: a sale gets less, a purchase pays more", () => {
  const convention = { kind: "same_scan" } as const;
  expect(fillsOf({ convention, slippageBps: 10 })[0]!.price).toBeCloseTo(109.89, 10);
  const purchase = { ...ORDER, side: "buy" } as const;
  expect(fillsOf({ convention, slippageBps: 10 }, purchase)[0]!.price).toBeCloseTo(110.11, 10);
});

test("a part fills at one scan and the rest at the next fresh one, as the seed draws", () => {
  const fills = fillsOf({ partialShare: 1, seed: 3 });
  expect(fills.map(({ seq }) => seq)).toEqual([12, 13]);
  expect(fills[0]!.quantity + fills[1]!.quantity).toBe(8);
  expect(fillsOf({ partialShare: 1, seed: 3 })).toEqual(fills);
  expect(fillsOf({ partialShare: 1, seed: 4 })).not.toEqual(fills);
  expect(fillsOf({ rejectShare: 1 })).toEqual([]);
});

test("the shares of rejected orders are those that were asked for", () => {
  const broker = createPaperBroker({ ...DEFAULT_PAPER_SETTINGS, rejectShare: 0.25 });
  const commands = Array.from({ length: 4_000 }, (_, at) => ({
    kind: "submit_order" as const,
    order: { ...ORDER, clientOrderId: `BLUE-s${at}-1` },
  }));
  const event = { kind: "tick", index: 1, nowMs: 1 } as const;
  const reports = stepPaperBroker(broker, { event, commands, isFresh: false });
  const rejected = reports.filter(({ kind }) => kind === "order_rejected").length;
  expect(rejected / 4_000).toBeGreaterThan(0.22);
  expect(rejected / 4_000).toBeLessThan(0.28);
});

test("a start learns from the broker what the log had missed", () => {
  const calm = { kind: "scan", jump: 0, fault: "none", steps: [1, 0, 0, 0] } as const;
  const { steps } = playDay([calm, calm, calm]);
  const trader = createTrader(CONFIGURATION);
  // Up to the order and no further: the process died before the broker's first answer was written.
  const sent = steps.findIndex(({ commands }) =>
    commands.some(({ kind }) => kind === "submit_order"),
  );
  for (const { event } of steps.slice(0, sent + 1)) stepTrader(trader, event);
  const working = workingOrdersOf(trader);
  const { clientOrderId, quantity } = working[0]!.order;
  const fill = (number: number) => ({ number, quantity: quantity / 2, price: 20, fee: 0.1 });
  const known: BrokerOrder = {
    clientOrderId,
    brokerOrderId: "1",
    status: "filled",
    reason: "",
    fills: [fill(1), fill(2)],
  };
  const stranger: BrokerOrder = { ...known, clientOrderId: "other", status: "working", fills: [] };

  expect(reconcile(working, [])).toEqual({
    reports: [],
    unsent: [clientOrderId],
    unexplained: [],
  });
  const { reports, unexplained } = reconcile(working, [known, stranger]);
  expect(unexplained).toEqual(["other"]);
  for (const report of reports) {
    stepTrader(trader, { ...report, index: trader.nextIndex, nowMs: trader.data.nowMs });
  }
  expect(workingOrdersOf(trader)).toEqual([]);
  expect(trader.data.positions[0]!.quantity).toBeCloseTo(quantity, 12);
});

test("a paper broker that died before its answer gives the same answer when it is asked again", () => {
  const order = { kind: "scan", jump: 0, fault: "none", steps: [1, 0, 0, 0] } as const;
  const posture = { kind: "posture", which: 0, ageMs: 0 } as const;
  const mood = { kind: "mood", ageMs: 0 } as const;
  const settings = { ...DEFAULT_PAPER_SETTINGS, partialShare: 0.3, rejectShare: 0.1 };
  const { steps } = playDay(
    Array.from({ length: 60 }, (_, id) => [mood, posture, resumed(id), order]).flat(),
  );
  let asked = 0;
  for (const [at, { commands }] of steps.entries()) {
    if (!commands.some(({ kind }) => kind === "submit_order")) continue;
    const trader = createTrader(CONFIGURATION);
    for (const { event } of steps.slice(0, at + 1)) stepTrader(trader, event);
    const broker = createPaperBroker(settings, workingOrdersOf(trader));
    const working = workingOrdersOf(trader);
    const unsent = reconcile(working, []).unsent;
    const again = commandsAgain(working, unsent);
    const event = { kind: "tick", index: trader.nextIndex, nowMs: trader.data.nowMs } as const;
    const [report] = stepPaperBroker(broker, { event, commands: again, isFresh: false });
    expect(steps[at + 1]!.event).toMatchObject(report!);
    asked += 1;
  }
  expect(asked).toBeGreaterThan(3);
});

function resumed(id: number) {
  return { kind: "operator", command: { kind: "resume" }, id } as const;
}
