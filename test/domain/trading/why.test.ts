/** Every decision of random days, explained: the rules lead to the decision, and the named rule is the deciding one. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import type { RefusalReason } from "../../../src/domain/trading/decision.ts";
import type { Trader } from "../../../src/domain/trading/state.ts";
import { coolingDown } from "../../helpers/trading/planted/cooling-down.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import { stepTrader } from "../../../src/domain/trading/trader.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import {
  explainDecision,
  type Explanation,
} from "../../../src/domain/trading/why/explain-decision.ts";
import { createOrigins, noteOrigins } from "../../../src/domain/trading/why/origins.ts";
import { type Evidence, obstacleIn } from "../../../src/domain/trading/why/facts.ts";
import { exactText } from "../../../src/domain/trading/snapshot/exact.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { DAY_START_MS, moves, playDay, type Step } from "../../helpers/trading/random-day.ts";
import { scanNumbered, scripted, type Unstamped } from "../../helpers/trading/scripted.ts";
import { SHORT_WINDOWS } from "../../helpers/trading/short-windows.ts";

const RUNS = { numRuns: 40, seed: 11 };

/** What takes the obstacle away, and nothing else. */
const WITHOUT: Readonly<Record<RefusalReason, (trader: Trader, subject: string) => Trader>> = {
  halted: withRisk({ isHalted: false }),
  latched: withRisk({ latched: [] }),
  bankrupt: (trader) => withAccount(trader, { cash: 1 }),
  posture_hibernate: withPosture("TURTLE"),
  posture_unknown: withPosture("TURTLE"),
  posture_stops_entries: (trader) => {
    const { areEntriesStopped: _stopped, ...posture } = trader.data.posture;
    return { ...trader, data: { ...trader.data, posture } };
  },
  posture_old: withBudget("posture"),
  input_old: (trader, subject) => withBudget(subject)(trader),
  order_unknown: withoutOrders,
  order_working: withoutOrders,
  position_open: (trader) => ({ ...trader, data: { ...trader.data, positions: [] } }),
  asset_without_price: (trader) => trader,
  equity_unknown: (trader) => withAccount(trader, { equity: 1 }),
  price_collar: (trader) => trader,
  configuration_unapproved: ({
    configuration: { approval: _none, ...configuration },
    ...trader
  }) => ({
    ...trader,
    configuration,
  }),
  below_minimum: (trader) => configured(trader, { instruments: {} }),
  insufficient_margin: (trader) => {
    const { margin: _, ...rest } = trader.configuration;
    return { ...trader, configuration: rest };
  },
  limit_notional: withLimits({ positionNotionalMax: 1e12, grossNotionalMax: 1e12 }),
  limit_order_rate: withLimits({ entriesPerMinuteMax: 1e6 }),
  limit_positions: withLimits({ positionsMax: 1e6 }),
  limit_daily_loss: (trader) => trader,
  limit_drawdown: (trader) => trader,
};

function configured(trader: Trader, changes: Partial<TraderConfiguration>): Trader {
  return { ...trader, configuration: { ...trader.configuration, ...changes } };
}

function withLimits(changes: Partial<TraderConfiguration["limits"]>) {
  return (trader: Trader) =>
    configured(trader, { limits: { ...trader.configuration.limits, ...changes } });
}

function withBudget(input: string) {
  return (trader: Trader): Trader => {
    const { ageBudgetsMs } = trader.configuration;
    const raised = configured(trader, { ageBudgetsMs: { ...ageBudgetsMs, [input]: Infinity } });
    return input === "scan" ? { ...raised, scanBudgetMs: Infinity } : raised;
  };
}

function withRisk(changes: Partial<Trader["data"]["risk"]>) {
  return ({ data, ...rest }: Trader): Trader => ({
    ...rest,
    data: { ...data, risk: { ...data.risk, ...changes } },
  });
}

function withPosture(value: Trader["data"]["posture"]["value"]) {
  return ({ data, ...rest }: Trader): Trader => ({
    ...rest,
    data: { ...data, posture: { ...data.posture, value } },
  });
}

function withAccount({ data, ...rest }: Trader, changes: Partial<Trader["data"]["account"]>) {
  return { ...rest, data: { ...data, account: { ...data.account, ...changes } } };
}

function withoutOrders({ data, ...rest }: Trader): Trader {
  return { ...rest, data: { ...data, working: [] } };
}

function recorded({ event, commands, decision }: Step): string {
  if (event.kind === "operator" && event.command.kind === "enter") {
    const note = commands.find((c) => c.kind === "note" && c.note.code === "operator_refused");
    return note?.kind === "note" ? note.note.detail.replace(/^[^:]*: |:.*$/g, "") : "entered";
  }
  if (decision === null) return "none";
  return decision.refusal === null ? decision.outcome : `${decision.refusal} ${decision.subject}`;
}

function explained({ concluded }: Explanation, step: Step): string {
  if (concluded === null) return "none";
  if (step.event.kind === "operator") return concluded.refusal ?? concluded.outcome;
  return concluded.refusal === null
    ? concluded.outcome
    : `${concluded.refusal} ${concluded.subject}`;
}

/** Whether the rule of this name about this subject lets the entry through. */
function passes(explanation: Explanation, { rule, subject }: Evidence): boolean {
  const same = explanation.facts.filter(
    (fact) => fact.rule === rule && (fact.subject === subject || rule === "latched"),
  );
  return same.every((fact) => fact.passes !== false);
}

test("what the rules conclude is what was decided, and without the one that is named it lets through", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(moves, (list) => {
      playDay(list, (step, trader) => {
        const explanation = explainDecision(trader, step.event);
        // A command that is repeated is not judged again.
        const isRepeated = step.commands.some(
          (c) => c.kind === "note" && c.note.code === "operator_repeated",
        );
        if (isRepeated) return;
        expect(explained(explanation, step)).toBe(recorded(step));
        const obstacle = obstacleIn(explanation.facts);
        seen.add(obstacle?.rule ?? "none");
        const reason = obstacle?.leads?.refusal;
        if (obstacle === null || reason === null || reason === undefined) return;
        const without = WITHOUT[reason](trader, obstacle.subject);
        const isWithout = passes(explainDecision(without, step.event), obstacle);
        expect([reason, isWithout]).toEqual([reason, reason !== "asset_without_price"]);
      });
    }),
    RUNS,
  );
  const rules =
    "new in_order live fresh exit room warm found halted latched posture_hibernate posture_unknown " +
    "posture_old input_old order_working position_open limit_notional limit_order_rate none";
  expect([...seen]).toEqual(expect.arrayContaining(rules.split(" ")));
});

test("explaining changes nothing: not the state, and not what comes of the events behind it", () => {
  fc.assert(
    fc.property(moves, (list) => {
      const looked = playDay(list, (step, trader) => explainDecision(trader, step.event));
      const plain = playDay(list);
      expect(exactText(snapshotOf(looked.trader))).toBe(exactText(snapshotOf(plain.trader)));
    }),
    { numRuns: 20, seed: 3 },
  );
});

test("the default strategy names what it lacks: a window, liveliness, or how far off the threshold is", () => {
  const book = scripted({ strategy: velocityDivergence, parameters: SHORT_WINDOWS });
  const random = seededRandom(5);
  const named = new Map<string, Evidence>();
  let prices = [100, 20, 5];
  for (let seq = 1; seq <= 400; seq += 1) {
    const afterMs = seq * 5_000;
    const asOfMs = DAY_START_MS + afterMs;
    book.tell({ kind: "posture", posture: "APEX", asOfMs, source: "test" }, afterMs);
    prices = prices.map((price) => price * (1 + 0.002 * (2 * random.uniform() - 1)));
    const unstamped = {
      ...scanNumbered(seq, asOfMs),
      prices: Float64Array.from(prices),
      eigenvalues: Float64Array.of(1 + random.uniform()),
      eigenvalueCount: 1,
    };
    const event = { ...unstamped, index: book.trader.nextIndex, nowMs: asOfMs };
    stepTrader(book.trader, event);
    const { decision, facts, concluded } = explainDecision(book.trader, event);
    expect(concluded).toEqual({
      outcome: decision?.outcome,
      refusal: decision?.refusal,
      subject: decision?.subject,
    });
    const obstacle = obstacleIn(facts);
    if (obstacle !== null) named.set(obstacle.rule, obstacle);
    for (const { order } of seq % 3 === 0 ? [...book.trader.data.working] : []) {
      book.tell(
        { kind: "order_rejected", clientOrderId: order.clientOrderId, reason: "" },
        afterMs,
      );
    }
    if (obstacle?.rule !== "threshold") continue;
    const distance = Math.abs(Number(obstacle.bound) - Number(obstacle.value));
    expect(obstacle.says).toContain(`${Number(distance.toPrecision(4))} short of`);
  }
  expect([...named.keys()]).toEqual(
    expect.arrayContaining(["window levels", "window volatilities", "vol_ok", "threshold", "room"]),
  );
  expect(named.get("window volatilities")?.says).toBe("volatilities: 9 of 10 scans");
});

test("a halt and a latched limit are reported with time, person and amount", () => {
  const { trader, tell, scan, warmUp, fill, orders } = scripted();
  const origins = createOrigins(trader);
  const saysOf = (unstamped: Unstamped, afterMs: number) => {
    tell(unstamped, afterMs);
    const event = { ...unstamped, index: trader.nextIndex - 1, nowMs: DAY_START_MS + afterMs };
    noteOrigins(origins, event, trader);
    return obstacleIn(explainDecision(trader, event, origins).facts)?.says;
  };
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice, 900);
  expect(saysOf({ kind: "tick" }, 1_000)).toBe(
    "limit_daily_loss is latched since 2026-03-25T00:00:01Z: 0.9 % was lost, 0.4 % is the limit; 'resume' ends it",
  );
  const operator = { kind: "operator", by: "ann" } as const;
  saysOf({ ...operator, commandId: "1", command: { kind: "resume" } }, 2_000);
  expect(saysOf({ ...operator, commandId: "2", command: { kind: "halt" } }, 3_000)).toBe(
    "halted by ann (halt) at 2026-03-25T00:00:03Z; 'resume' ends it",
  );
  expect(saysOf({ ...operator, commandId: "3", command: { kind: "flatten" } }, 4_000)).toContain(
    "halted by ann (halt) at 2026-03-25T00:00:03Z",
  );
});

function coolingDownPlayed(isExplained: boolean) {
  const book = scripted({ strategy: coolingDown });
  book.tell({ kind: "posture", posture: "APEX", asOfMs: DAY_START_MS, source: "test" });
  const concluded: unknown[] = [];
  const outcomes = Array.from({ length: 9 }, (_, at) => {
    const unstamped = scanNumbered(at + 1, DAY_START_MS);
    const event = { ...unstamped, index: book.trader.nextIndex, nowMs: DAY_START_MS };
    stepTrader(book.trader, event);
    const { outcome } = book.trader.data.decision;
    if (isExplained) concluded.push(explainDecision(book.trader, event).concluded?.outcome);
    const clientOrderId = book.trader.data.working[0]?.order.clientOrderId;
    if (clientOrderId !== undefined) {
      book.tell({ kind: "order_rejected", clientOrderId, reason: "" });
    }
    return outcome;
  });
  return { outcomes, concluded, state: exactText(snapshotOf(book.trader)) };
}

test("a strategy that remembers in decide is asked once, so that it continues as if it had not been asked", () => {
  const plain = coolingDownPlayed(false);
  expect(plain.outcomes.filter((outcome) => outcome === "entered")).toHaveLength(3);
  const concluded = plain.outcomes;
  expect(coolingDownPlayed(true)).toEqual({ ...plain, concluded });
});
