/** Random days of a trader with a paper broker: everything that can happen does, in any order. */
import * as fc from "fast-check";
import {
  createPaperBroker,
  DEFAULT_PAPER_SETTINGS,
  type FillConvention,
  paperInputOf,
  stepPaperBroker,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import type { TraderCommand } from "../../../src/domain/trading/commands.ts";
import type { TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import type { ScanDecision } from "../../../src/domain/trading/decision.ts";
import type {
  BrokerReport,
  OperatorCommand,
  ScanEvent,
  TraderEvent,
} from "../../../src/domain/trading/events.ts";
import { DEFAULT_MARGIN } from "../../../src/domain/trading/margin/margin-terms.ts";
import { POSTURES } from "../../../src/domain/trading/posture.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { createTrader, decisionOf, stepTrader } from "../../../src/domain/trading/trader.ts";

export const DAY_START_MS = 1_774_396_800_000;
const UNIVERSES = [
  ["AAA", "BBB", "CCC"],
  ["BBB", "AAA", "CCC"],
  ["AAA", "CCC"],
  ["AAA", "BBB", "CCC", "DDD"],
] as const;

/** Wants in at every scan, into any asset, in any direction, far too big now and then. */
export const eager = defineStrategy<{ readonly share: number }, { scans: number }>({
  name: "eager",
  version: 1,
  inputs: ["scan", "posture", "mood"],
  carried: [],
  defaults: { share: 0.15 },
  presets: {},
  lookBackScans: () => 3,
  positionsMax: () => 3,
  remember: () => ({ scans: 0 }),
  observe: (memory) => {
    memory.scans += 1;
  },
  isWarm: ({ scans }) => scans > 2,
  decide: ({ scans }, view, { share }) => ({
    column: scans % view.assetCount,
    direction: scans % 2 === 0 ? "long" : "short",
    share: scans % 23 === 0 ? 3 : share,
    strength: view.at(0) / view.before(0, 2),
    plan: { takeProfit: 0.01, stopLoss: 0.008, holdScansMax: 7, bucket: "fixed" },
  }),
  readings: ({ scans }) => ({ scans }),
});

export const CONFIGURATION: TraderConfiguration = {
  book: "BLUE",
  capital: 100_000,
  strategy: eager,
  parameters: {},
  slippageBps: 2,
  instruments: { AAA: { quoteCurrency: "USD", tick: 0.01, lot: 0.001, minimumNotional: 10 } },
  limits: {
    positionNotionalMax: 60_000,
    grossNotionalMax: 45_000,
    positionsMax: 3,
    entriesPerMinuteMax: 5,
    dailyLossMax: 0.004,
    drawdownMax: 0.005,
  },
  ageBudgetsMs: { scan: 30_000, posture: 30_000, mood: 20_000 },
  configuredPosture: null,
  // Six scans.
  delisting: { afterMs: 18_000, share: 0.9 },
  scanOffsetMaxMs: 60_000,
  // Half a percent against it and CCC is liquidated.
  margin: {
    mode: "isolated",
    terms: { ...DEFAULT_MARGIN.terms, leverage: 1 },
    byAsset: { CCC: { ...DEFAULT_MARGIN.terms, leverage: 100 } },
  },
};

type Move =
  | {
      readonly kind: "scan";
      readonly jump: number;
      readonly fault: ScanFault;
      readonly steps: readonly number[];
    }
  | { readonly kind: "universe"; readonly which: number }
  | { readonly kind: "posture"; readonly which: number; readonly ageMs: number }
  | { readonly kind: "mood"; readonly ageMs: number }
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "operator"; readonly command: OperatorCommand; readonly id: number }
  | { readonly kind: "trouble"; readonly trouble: Trouble }
  | { readonly kind: "day" };
type ScanFault =
  "none" | "replayed" | "late" | "repaired" | "old" | "again" | "before" | "lost" | "absent";
type Trouble = "unknown" | "told_twice" | "cancelled" | "stranger";

const operatorCommand: fc.Arbitrary<OperatorCommand> = fc.oneof(
  fc.constantFrom<OperatorCommand>({ kind: "flatten" }, { kind: "halt" }, { kind: "resume" }),
  fc.constant<OperatorCommand>({ kind: "resume" }),
  fc.constantFrom<OperatorCommand>({
    kind: "enter",
    asset: "BBB",
    direction: "long",
    share: 0.1,
    plan: { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 5, bucket: "operator" },
  }),
  fc.constantFrom<OperatorCommand>({ kind: "close", position: "AAA", price: 90 }),
);

const scanMove = fc.record({
  kind: fc.constant("scan" as const),
  jump: fc.integer({ min: 0, max: 12 }),
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant<ScanFault>("none") },
    {
      weight: 3,
      arbitrary: fc.constantFrom<ScanFault>(
        ...(["replayed", "late", "repaired", "old", "again", "before", "lost", "absent"] as const),
      ),
    },
  ),
  steps: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 }),
});

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 24, arbitrary: scanMove },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("universe" as const), which: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("posture" as const),
      which: fc.nat(9),
      ageMs: fc.constantFrom(0, 0, 0, 20_000, 40_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("mood" as const),
      ageMs: fc.constantFrom(0, 0, 25_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("pause" as const),
      ms: fc.constantFrom(900, 61_000, 700_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("operator" as const),
      command: operatorCommand,
      id: fc.nat(40),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("trouble" as const),
      trouble: fc.constantFrom<Trouble>("unknown", "told_twice", "cancelled", "stranger"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("day" as const) }) },
);

/** A failure shrinks that far only: a step of it plays a whole day. */
const SHRINKS_MAX = 100;

export const moves = fc.limitShrink(
  fc.array(move, { minLength: 40, maxLength: 250, size: "max" }),
  SHRINKS_MAX,
);

export type Step = {
  readonly event: TraderEvent;
  readonly commands: readonly TraderCommand[];
  readonly decision: ScanDecision | null;
};

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Unstamped = DistributiveOmit<TraderEvent, "index" | "nowMs">;

/** Plays the moves and returns every step; `see` gets the trader after each. */
export function playDay(
  list: readonly Move[],
  see: (step: Step, trader: ReturnType<typeof createTrader>) => void = () => {},
  convention: FillConvention = DEFAULT_PAPER_SETTINGS.convention,
) {
  const trader = createTrader(CONFIGURATION);
  const broker = createPaperBroker({
    ...DEFAULT_PAPER_SETTINGS,
    convention,
    partialShare: 0.3,
    rejectShare: 0.1,
  });
  const steps: Step[] = [];
  const reports: BrokerReport[] = [];
  const prices = new Map([
    ["AAA", 100],
    ["BBB", 20],
    ["CCC", 5],
    ["DDD", 700],
  ]);
  let nowMs = DAY_START_MS;
  let seq = 1;
  let universe: readonly string[] = UNIVERSES[0];

  const step = (unstamped: Unstamped): readonly BrokerReport[] => {
    const event: TraderEvent = { ...unstamped, index: trader.nextIndex, nowMs };
    const commands = stepTrader(trader, event);
    const taken = { event, commands, decision: decisionOf(trader) };
    steps.push(taken);
    see(taken, trader);
    return stepPaperBroker(broker, paperInputOf(trader, event, commands));
  };
  // As `stepReports` does: the reports of one round are stepped before those of the next.
  const tell = (unstamped: Unstamped) => {
    for (let round = step(unstamped); round.length > 0; round = round.flatMap(step)) {
      reports.push(...round);
    }
  };

  tell({ kind: "posture", posture: "APEX", asOfMs: nowMs, source: "test" });
  tell({ kind: "feature", name: "mood", value: 0, asOfMs: nowMs });
  for (const one of list) {
    switch (one.kind) {
      case "pause":
        nowMs += one.ms;
        tell({ kind: "tick" });
        break;
      case "universe":
        universe = UNIVERSES[one.which]!;
        break;
      case "posture":
        tell({
          kind: "posture",
          // Mostly a posture that lets entries through, else nothing would be tested.
          posture: one.which === 9 ? "UNKNOWN" : (POSTURES[one.which - 5] ?? "APEX"),
          asOfMs: nowMs - one.ageMs,
          source: "test",
        });
        break;
      case "mood":
        tell({ kind: "feature", name: "mood", value: one.ageMs, asOfMs: nowMs - one.ageMs });
        break;
      case "operator":
        tell({ kind: "operator", commandId: String(one.id), by: "test", command: one.command });
        break;
      case "day":
        tell({ kind: "day_rolled", day: `day-${seq}` });
        break;
      case "trouble": {
        const clientOrderId = trader.data.working[0]?.order.clientOrderId ?? "nobody";
        const last = reports.at(-1);
        if (one.trouble === "unknown")
          tell({ kind: "order_unknown", clientOrderId, reason: "silence" });
        if (one.trouble === "told_twice" && last !== undefined) tell(last);
        if (one.trouble === "cancelled" && clientOrderId !== "nobody") {
          broker.pending = broker.pending.filter(
            ({ order }) => order.clientOrderId !== clientOrderId,
          );
          tell({ kind: "order_cancelled", clientOrderId, reason: "by the exchange" });
        }
        if (one.trouble === "stranger") {
          tell({
            kind: "order_filled",
            clientOrderId: "stranger",
            fill: { number: 1, quantity: 1, price: 1, fee: 0 },
          });
        }
        break;
      }
      case "scan": {
        nowMs += 3_000;
        for (const [at, [asset, price]] of [...prices].entries()) {
          prices.set(asset, price * (1 + (one.steps[at] ?? 0) / 2_000));
        }
        if (one.fault === "lost") {
          tell({ kind: "scan_lost", seq });
          seq += 1;
          break;
        }
        // A jump leaves a gap, which a scan with an earlier seq may fill.
        if (one.jump === 12) seq += 1;
        const own =
          one.fault === "again" ? seq - 1 : one.fault === "before" ? Math.max(1, seq - 2) : seq;
        tell(scanOf({ seq: own, nowMs, universe, prices, fault: one.fault }));
        if (own === seq) seq += 1;
        break;
      }
    }
  }
  return { trader, steps };
}

function scanOf(facts: {
  readonly seq: number;
  readonly nowMs: number;
  readonly universe: readonly string[];
  readonly prices: ReadonlyMap<string, number>;
  readonly fault: ScanFault;
}): Omit<ScanEvent, "index" | "nowMs"> {
  const { seq, nowMs, universe, prices, fault } = facts;
  return {
    kind: "scan",
    seq,
    scanNumber: seq,
    asOfMs: fault === "old" ? nowMs - 31_000 : nowMs - 500,
    isReplayed: fault === "replayed",
    isLate: fault === "late",
    isRepaired: fault === "repaired",
    assets: universe,
    prices: Float64Array.from(universe, (asset, at) =>
      fault === "absent" && at === 0 ? Number.NaN : prices.get(asset)!,
    ),
    pricesAt: 0,
    eigenvalues: new Float64Array([1.5]),
    eigenvaluesAt: 0,
    eigenvalueCount: 1,
    carried: new Float64Array(0),
    carriedAt: 0,
  };
}
