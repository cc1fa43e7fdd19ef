import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { FillConvention } from "../../../src/domain/trading/broker/paper-broker.ts";
import type { FillEntry } from "../../../src/domain/trading/commands.ts";
import type { Trader } from "../../../src/domain/trading/state.ts";
import { CONFIGURATION, moves, playDay, type Step } from "../../helpers/trading/random-day.ts";

const RUNS = { numRuns: 60 };

function checkEveryDay(check: (steps: readonly Step[], trader: Trader) => void): void {
  fc.assert(
    fc.property(moves, (list) => {
      const { steps, trader } = playDay(list);
      check(steps, trader);
    }),
    RUNS,
  );
}

/** Fills so far by position, from the ledger only. */
function createLedger() {
  const quantities = new Map<string, number>();
  let cashFlow = 0;
  let fees = 0;
  return {
    note: ({ commands }: Step) => {
      for (const command of commands) {
        if (command.kind !== "book_fill") continue;
        const { positionId, purpose, side, fill } = command.entry;
        const grown =
          (quantities.get(positionId) ?? 0) + (purpose === "entry" ? 1 : -1) * fill.quantity;
        quantities.set(positionId, grown);
        cashFlow += (side === "sell" ? 1 : -1) * fill.quantity * fill.price;
        fees += fill.fee;
      }
    },
    quantityOf: (id: string) => quantities.get(id) ?? 0,
    all: () => quantities,
    total: () => cashFlow - fees,
  };
}

test("random days trade: partly filled, rejected, refused, latched, in all classes of scans", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(moves, (list) => {
      for (const { event, commands, decision } of playDay(list).steps) {
        seen.add(event.kind);
        if (decision !== null) {
          seen
            .add(decision.class)
            .add(decision.outcome)
            .add(decision.refusal ?? "none");
        }
        for (const command of commands) {
          seen.add(command.kind);
          if (command.kind === "book_trade") seen.add(command.trade.exitReason);
          if (command.kind === "note") seen.add(command.note.code).add(command.note.subject);
        }
      }
    }),
    { numRuns: 150, seed: 7 },
  );
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "order_partly_filled",
      "order_rejected",
      "order_unknown",
      "order_cancelled",
      "fresh",
      "stale",
      "late",
      "gap",
      "entered",
      "exited",
      "refused",
      "book_trade",
      "take_profit",
      "stop_loss",
      "max_hold",
      "flatten",
      "posture_hibernate",
      "limit_notional",
      "limit_order_rate",
      "limit_drawdown",
      "limit_daily_loss",
      "latched",
      "halted",
      "input_old",
      "posture_unknown",
      "fill_repeated",
      "mark_old",
      "delisted",
      "liquidated",
      "written_off",
      "asset_returned",
      "operator",
    ]),
  );
});

test("cash and positions are what the fills make them", () => {
  fc.assert(
    fc.property(moves, (list) => {
      const ledger = createLedger();
      playDay(list, (step, { data }) => {
        ledger.note(step);
        for (const { id, quantity } of data.positions) {
          expect(quantity).toBeCloseTo(ledger.quantityOf(id), 6);
        }
        for (const [id, quantity] of ledger.all()) {
          const isOpen = data.positions.some((position) => position.id === id);
          expect(isOpen ? 0 : quantity).toBeCloseTo(0, 6);
        }
        // What was paid for what is open is in the positions, the rest is in the cash.
        let cost = 0;
        for (const { sign, quantity, entryPrice } of data.positions)
          cost += sign * quantity * entryPrice;
        expect(data.account.cash - cost).toBeCloseTo(CONFIGURATION.capital + ledger.total(), 5);
      });
    }),
    RUNS,
  );
});

test("no entry has a declared input over its age budget", () => {
  checkEveryDay((steps) => {
    const asOf = new Map<string, number>();
    for (const { event, commands, decision } of steps) {
      if (event.kind === "posture") asOf.set("posture", event.asOfMs);
      if (event.kind === "feature") asOf.set(event.name, event.asOfMs);
      const isInOrder = decision?.class === "fresh" || decision?.class === "stale";
      if (event.kind === "scan" && isInOrder) asOf.set("scan", event.asOfMs);
      for (const command of commands) {
        if (command.kind !== "submit_order" || command.order.purpose !== "entry") continue;
        const expected = ["scan", "posture", "mood"].map((input) => ({
          input,
          ageMs: event.nowMs - (asOf.get(input) ?? -Infinity),
        }));
        expect(command.order.ages).toEqual(expected);
        for (const { input, ageMs } of expected) {
          expect(ageMs).toBeLessThanOrEqual(CONFIGURATION.ageBudgetsMs[input]!);
        }
      }
    }
  });
});

test("no entry is made under HIBERNATE or an unknown posture, at a stale scan, halted or latched", () => {
  checkEveryDay((steps) => {
    let posture = "UNKNOWN";
    let isHalted = false;
    let isLatched = false;
    const done = new Set<string>();
    for (const { event, commands, decision } of steps) {
      if (event.kind === "posture") ({ posture } = event);
      const isRefused = commands.some(
        (c) => c.kind === "note" && c.note.code === "operator_refused",
      );
      if (event.kind === "operator" && !isRefused && !done.has(event.commandId)) {
        done.add(event.commandId);
        const { kind } = event.command;
        if (kind === "halt" || kind === "flatten") isHalted = true;
        if (kind === "resume") isHalted = isLatched = false;
      }
      const hasEntry = commands.some(
        (command) => command.kind === "submit_order" && command.order.purpose === "entry",
      );
      const isStale = event.kind === "scan" && decision?.class !== "fresh";
      const isForbidden =
        isHalted || isLatched || isStale || !["APEX", "STALKER", "TURTLE"].includes(posture);
      expect(hasEntry && isForbidden).toBe(false);
      // What latches does so before the entry that hit it.
      const latches = commands.some((c) => c.kind === "note" && c.note.code === "limit_latched");
      expect(hasEntry && latches).toBe(false);
      isLatched ||= latches;
    }
  });
});

const CONVENTIONS: readonly FillConvention[] = [
  { kind: "same_scan" },
  { kind: "next_scan" },
  { kind: "latency", latencyMs: 7_000 },
  { kind: "latency", latencyMs: 20_000 },
];
/** Scans come each three seconds. */
const SILENCE_MS = 60_000;

test.each(CONVENTIONS)("no entry fills while entries are held back: %j", (convention) => {
  const opened = new Set<string>();
  fc.assert(
    fc.property(moves, (list) => {
      const watch = createEntryWatch();
      playDay(
        list,
        (step) => {
          watch.note(step);
          for (const command of step.commands) {
            if (command.kind !== "book_fill" || command.entry.purpose !== "entry") continue;
            expect(watch.faultsOf(command.entry)).toEqual([]);
            opened.add(command.entry.clientOrderId);
          }
        },
        convention,
      );
    }),
    // Few moments of a random day let an entry through that takes long.
    { numRuns: 240 },
  );
  expect(opened.size).toBeGreaterThan(0);
});

/** What the events alone say of the moment at which the broker filled: at the last scan, after its step. */
function createEntryWatch() {
  const mood = { atMs: -Infinity };
  const posture = { value: "UNKNOWN", atMs: -Infinity };
  const state = { isHalted: false, isLatched: false };
  let atFill = { nowMs: 0, faults: ["no scan"] };
  const done = new Set<string>();
  const decidedSeqs = new Map<string, number>();
  /** In order, with the time since the scan before was true, and the assets that had a price. */
  const scans: { seq: number; silenceMs: number; priced: ReadonlySet<string> }[] = [];
  let lastAsOfMs = -Infinity;
  const noteOperator = ({ event, commands }: Step) => {
    if (event.kind !== "operator" || done.has(event.commandId)) return;
    if (commands.some((c) => c.kind === "note" && c.note.code === "operator_refused")) return;
    done.add(event.commandId);
    const { kind } = event.command;
    if (kind === "halt" || kind === "flatten") state.isHalted = true;
    if (kind === "resume") state.isHalted = state.isLatched = false;
  };
  const noteScan = ({ event, decision }: Step) => {
    if (event.kind !== "scan" || decision === null || decision.class === "late") return;
    const { assets, prices, nowMs, seq } = event;
    const priced = new Set(assets.filter((_, at) => prices[at]! > 0));
    scans.push({ seq, silenceMs: nowMs - lastAsOfMs, priced });
    lastAsOfMs = event.asOfMs;
    const faults = [
      state.isHalted ? "halted" : "",
      state.isLatched ? "latched" : "",
      ["APEX", "STALKER", "TURTLE"].includes(posture.value) ? "" : posture.value,
      nowMs - posture.atMs > CONFIGURATION.ageBudgetsMs["posture"]! ? "posture old" : "",
      nowMs - mood.atMs > CONFIGURATION.ageBudgetsMs["mood"]! ? "mood old" : "",
      decision.class === "fresh" ? "" : decision.class,
    ];
    atFill = { nowMs, faults: faults.filter((fault) => fault !== "") };
  };
  return {
    note(step: Step) {
      const { event, commands } = step;
      if (event.kind === "posture")
        Object.assign(posture, { value: event.posture, atMs: event.asOfMs });
      if (event.kind === "feature") mood.atMs = event.asOfMs;
      noteOperator(step);
      state.isLatched ||= commands.some(
        (c) => c.kind === "note" && c.note.code === "limit_latched",
      );
      noteScan(step);
      for (const command of commands) {
        if (command.kind !== "submit_order") continue;
        decidedSeqs.set(command.order.clientOrderId, command.order.decidedSeq);
      }
    },
    faultsOf({ clientOrderId, asset, atMs }: FillEntry): readonly string[] {
      const decidedSeq = decidedSeqs.get(clientOrderId)!;
      const since = scans.filter(({ seq }) => decidedSeq < seq);
      // What is usual is known after a few scans.
      const judged = since.filter((scan) => 3 <= scans.indexOf(scan));
      return [
        ...atFill.faults,
        atFill.nowMs === atMs ? "" : "not at a scan",
        judged.some(({ silenceMs }) => silenceMs > SILENCE_MS) ? "silence" : "",
        since.every(({ priced }) => priced.has(asset)) ? "" : "price was away",
      ].filter((fault) => fault !== "");
    },
  };
}

test("exits are never refused: what must be left is ordered at the next live scan with a price, however old", () => {
  fc.assert(
    fc.property(moves, (list) => {
      const forgotten: string[] = [];
      let before: ReadonlyMap<string, string> = new Map();
      let wantsFlat = new Set<string>();
      const done = new Set<string>();
      playDay(list, ({ event, commands, decision }, { data }) => {
        if (event.kind === "operator" && !done.has(event.commandId)) {
          done.add(event.commandId);
          if (event.command.kind === "flatten")
            wantsFlat = new Set(data.positions.map(({ id }) => id));
        }
        const isLive =
          event.kind === "scan" &&
          (decision?.class === "fresh" || decision?.class === "stale") &&
          !event.isReplayed &&
          !event.isRepaired;
        if (isLive) {
          const exits = new Set(
            commands.flatMap((c) =>
              c.kind === "submit_order" && c.order.purpose === "exit" ? [c.order.positionId] : [],
            ),
          );
          for (const { id, asset, sign, entryPrice, plan } of data.positions) {
            const price = event.prices[event.assets.indexOf(asset)] ?? Number.NaN;
            if (!(price > 0) || before.get(id) !== "") continue;
            const gain = (sign * (price - entryPrice)) / entryPrice;
            const mustLeave = gain < -plan.stopLoss * 1.0001 || wantsFlat.has(id);
            if (mustLeave && !exits.has(id)) forgotten.push(id);
          }
        }
        before = new Map(data.positions.map(({ id, exitOrderId }) => [id, exitOrderId]));
      });
      expect(forgotten).toEqual([]);
    }),
    RUNS,
  );
});

test("limits are never exceeded", () => {
  fc.assert(
    fc.property(moves, (list) => {
      const { limits, slippageBps, capital } = CONFIGURATION;
      let entryTimes: number[] = [];
      playDay(list, ({ event, commands }, { data }) => {
        expect(data.positions.length).toBeLessThanOrEqual(limits.positionsMax);
        const isDone = commands.some((c) => c.kind === "note" && c.note.code === "operator_done");
        if (event.kind === "operator" && event.command.kind === "resume" && isDone) entryTimes = [];
        for (const command of commands) {
          if (command.kind !== "submit_order" || command.order.purpose !== "entry") continue;
          const { quantity, referencePrice } = command.order;
          const notional = quantity * referencePrice * (1 - slippageBps / 10_000);
          const reach = (data.account.equity / capital) * (1 + 1e-9);
          expect(notional).toBeLessThanOrEqual(limits.positionNotionalMax * reach);
          let gross = notional;
          for (const position of data.positions) gross += position.quantity * position.mark;
          expect(gross).toBeLessThanOrEqual(limits.grossNotionalMax * reach);
          entryTimes = [...entryTimes, event.nowMs].filter((atMs) => event.nowMs - atMs < 60_000);
          expect(entryTimes.length).toBeLessThanOrEqual(limits.entriesPerMinuteMax);
        }
      });
    }),
    RUNS,
  );
});

test("permuted, late and repeated scans never give a second decision for a seq", () => {
  checkEveryDay((steps) => {
    const decided = steps.flatMap(({ decision }) => (decision === null ? [] : [decision.seq]));
    expect(new Set(decided).size).toBe(decided.length);
  });
});
