import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  DEFAULT_PAPER_SETTINGS,
  type PaperSettings,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../../src/domain/trading/broker/step-desk.ts";
import { limitsFor, type TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import type { OperatorCommand, TraderEvent } from "../../../src/domain/trading/events.ts";
import { configurationDifference } from "../../../src/domain/trading/shadow/configuration-difference.ts";
import { createComparison } from "../../../src/domain/trading/shadow/comparison.ts";
import { createShadow, stepShadow } from "../../../src/domain/trading/shadow/shadow.ts";
import { exactText } from "../../../src/domain/trading/snapshot/exact.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { defineStrategy, type StrategyChoice } from "../../../src/domain/trading/strategy.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { CONFIGURATION, DAY_START_MS, moves, playDay } from "../../helpers/trading/random-day.ts";

const PAPER: PaperSettings = { ...DEFAULT_PAPER_SETTINGS, partialShare: 0.3, rejectShare: 0.1 };
/** As random days are played. */
const GREEN: TraderConfiguration = { ...CONFIGURATION, book: "GREEN" };

/** Looks back two scans and enters what moved; from scan `plantedAt` on it takes the other side. */
function follower(plantedAt: number, version = 1): StrategyChoice {
  return defineStrategy<{ readonly threshold: number }, { scans: number }>({
    name: "follower",
    version,
    inputs: ["scan", "posture"],
    carried: [],
    defaults: { threshold: 0.002 },
    presets: {},
    lookBackScans: () => 2,
    positionsMax: () => 1,
    remember: () => ({ scans: 0 }),
    observe: (memory) => {
      memory.scans += 1;
    },
    isWarm: ({ scans }) => scans > 2,
    decide: ({ scans }, view, { threshold }) => {
      const growth = view.at(0) / view.before(0, 2) - 1;
      if (Math.abs(growth) < threshold) return null;
      const isLong = growth > 0 === scans < plantedAt;
      return {
        column: 0,
        direction: isLong ? "long" : "short",
        share: 0.2,
        strength: growth,
        plan: { takeProfit: 0.004, stopLoss: 0.004, holdScansMax: 4, bucket: "fixed" },
      };
    },
    readings: () => ({}),
  });
}

const FOLLOWING: TraderConfiguration = {
  ...CONFIGURATION,
  strategy: follower(Infinity),
  limits: { ...CONFIGURATION.limits, dailyLossMax: 1, drawdownMax: 1, entriesPerMinuteMax: 1e6 },
  configuredPosture: "APEX",
};

/** BLUE's log of a seeded market, broker events included. */
function recordBlue(scans: number, configuration = FOLLOWING, paper = PAPER): TraderEvent[] {
  const random = seededRandom(11);
  const trader = createTrader(configuration);
  const log: TraderEvent[] = [];
  const desk = {
    trader,
    desk: createPaperDesk(paper),
    beforeReport: (event: TraderEvent) => log.push(event),
    onCommands() {},
  };
  let price = 100;
  for (let seq = 1; seq <= scans; seq++) {
    price *= 1 + (random.uniform() - 0.5) / 100;
    const nowMs = DAY_START_MS + seq * 1_000;
    const event: TraderEvent = {
      kind: "scan",
      index: trader.nextIndex,
      nowMs,
      seq,
      scanNumber: seq,
      asOfMs: nowMs,
      isReplayed: false,
      isLate: false,
      isRepaired: false,
      assets: ["BBB"],
      prices: Float64Array.of(price),
      pricesAt: 0,
      eigenvalues: new Float64Array(0),
      eigenvaluesAt: 0,
      eigenvalueCount: 0,
      carried: new Float64Array(0),
      carriedAt: 0,
    };
    log.push(event);
    stepDesk(desk, event);
  }
  return log;
}

function shadowOf(blue: TraderConfiguration, green: TraderConfiguration, paper = PAPER) {
  const comparison = createComparison();
  return createShadow({
    blue: createTrader(blue),
    green: createTrader({ ...green, book: "GREEN" }),
    paper,
    comparison,
    onCommands() {},
  });
}

function withoutBook(trader: ReturnType<typeof createTrader>): string {
  return exactText(snapshotOf(trader)).replaceAll("GREEN", "BLUE");
}

test("the same code, configuration, cash and seed: no divergence, and the same bytes", () => {
  fc.assert(
    fc.property(moves, (list) => {
      // Reports that only a broker other than the paper desk would send.
      const { steps } = playDay(list.filter(({ kind }) => kind !== "trouble"));
      const shadow = shadowOf(CONFIGURATION, GREEN);
      for (const { event } of steps) expect(stepShadow(shadow, event)).toBeNull();
      expect(shadow.comparison).toMatchObject({ differing: 0, first: null });
      expect(shadow.comparison.greenFills).toEqual(shadow.comparison.blueFills);
      expect(withoutBook(shadow.green)).toBe(withoutBook(shadow.blue));
    }),
    { numRuns: 60 },
  );
});

test.each<[string, string, Partial<TraderConfiguration>, Partial<PaperSettings>]>([
  ["a planted difference in logic", "logic", { strategy: follower(60) }, {}],
  ["another version of the strategy", "logic", { strategy: follower(60, 2) }, {}],
  [
    "another file of the same version",
    "logic",
    { strategy: { ...follower(60), fileHash: "0123456789abcdef" } },
    {},
  ],
  ["a changed parameter", "configuration", { parameters: { threshold: 0.004 } }, {}],
  [
    "a changed limit",
    "configuration",
    { limits: { ...FOLLOWING.limits, positionNotionalMax: 10_000 } },
    {},
  ],
  ["another seed of the fills", "fill", {}, { seed: 2 }],
  ["another fee", "fill", {}, { feeBps: 9 }],
  ["another fill convention", "fill", {}, { convention: { kind: "latency", latencyMs: 2_500 } }],
  ["another starting cash", "cash", { capital: 50_000 }, {}],
  [
    "both another cash and another logic, later",
    "cash",
    { capital: 50_000, strategy: follower(60) },
    {},
  ],
])("%s is reported with the cause %s", (_, cause, configuration, paper) => {
  const log = recordBlue(300);
  const shadow = shadowOf(FOLLOWING, { ...FOLLOWING, ...configuration }, { ...PAPER, ...paper });
  const divergences = log.flatMap((event) => stepShadow(shadow, event) ?? []);
  expect(divergences).toHaveLength(1);
  expect(divergences[0]).toMatchObject({ cause });
  expect(shadow.comparison.first).toEqual(divergences[0]);
  expect(shadow.comparison.compared).toBe(300);
  expect(shadow.comparison.differing).toBeGreaterThan(1);
});

test("a planted difference is reported at its first differing decision", () => {
  const log = recordBlue(300);
  const entries = (strategy: StrategyChoice) => {
    const sides = new Map<number, string>();
    for (const event of recordBlue(300, { ...FOLLOWING, strategy })) {
      if (event.kind === "order_accepted")
        sides.set(Number(/-s(\d+)-/.exec(event.clientOrderId)?.[1]), event.clientOrderId);
    }
    return sides;
  };
  // Until it is planted both enter at the same scans; the first entry from there on is on the other side.
  const first = [...entries(follower(Infinity)).keys()].find((seq) => {
    const order = orderAt(log, seq);
    return 60 <= seq && order === "entry";
  });
  const shadow = shadowOf(FOLLOWING, { ...FOLLOWING, strategy: follower(60) });
  const divergences = log.flatMap((event) => stepShadow(shadow, event) ?? []);
  expect(divergences[0]).toMatchObject({ seq: first, cause: "logic" });
  expect(divergences[0]?.detail).toMatch(/BLUE: entered, (buy|sell) .*GREEN: entered, (sell|buy) /);
});

/** What BLUE's order of this scan was for: it is folded to see. */
function orderAt(log: readonly TraderEvent[], seq: number): string {
  const trader = createTrader(FOLLOWING);
  const desk = { trader, desk: createPaperDesk(PAPER), beforeReport() {}, purpose: "" };
  const found = { purpose: "" };
  for (const event of log) {
    if (event.kind !== "scan") continue;
    stepDesk(
      {
        ...desk,
        onCommands: (at, commands) => {
          if (at.kind !== "scan" || at.seq !== seq) return;
          for (const one of commands) {
            if (one.kind === "submit_order") found.purpose = one.order.purpose;
          }
        },
      },
      event,
    );
    if (event.seq === seq) break;
  }
  return found.purpose;
}

function bookOf(capital: number, positionNotionalMax = capital) {
  const limits = { ...limitsFor(capital), positionNotionalMax };
  return createTrader({ ...FOLLOWING, capital, limits });
}

test("limits that follow each book's own capital are no other configuration", () => {
  expect(configurationDifference(bookOf(100_000), bookOf(25_000))).toBeNull();
  expect(configurationDifference(bookOf(100_000), bookOf(25_000, 5_000))).toBe(
    "limits.positionNotionalMax is the capital and 5000",
  );
});

test("GREEN obeys the operators' commands to BLUE, so that both stay comparable", () => {
  const base = recordBlue(120);
  const blue = createTrader(FOLLOWING);
  const log: TraderEvent[] = [];
  const desk = {
    trader: blue,
    desk: createPaperDesk(PAPER),
    beforeReport: (event: TraderEvent) => log.push(event),
    onCommands() {},
  };
  const commands: ReadonlyMap<number, OperatorCommand> = new Map<number, OperatorCommand>([
    [30, { kind: "flatten" }],
    [60, { kind: "resume" }],
  ]);
  for (const event of base) {
    if (event.kind !== "scan") continue;
    const command = commands.get(event.seq);
    const facts: readonly TraderEvent[] = [
      ...(command === undefined
        ? []
        : [
            {
              kind: "operator" as const,
              commandId: String(event.seq),
              by: "test",
              command,
              index: 0,
              nowMs: event.nowMs,
            },
          ]),
      event,
    ];
    for (const fact of facts) {
      const placed = { ...fact, index: blue.nextIndex };
      log.push(placed);
      stepDesk(desk, placed);
    }
  }
  const shadow = shadowOf(FOLLOWING, FOLLOWING);
  for (const event of log) expect(stepShadow(shadow, event)).toBeNull();
  expect(shadow.comparison.compared).toBe(122);
  expect(shadow.green.data.account).toEqual(blue.data.account);
});
