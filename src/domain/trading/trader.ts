/**
 * The trading core: the only path from events to commands. The live trader, the replay, the backtester and the shadow
 * book all call `stepTrader`. Invariant: the state after an event depends only on the configuration and the events up
 * to it. It is updated in place; published state is computed on demand.
 */
import { assert } from "../assert.ts";
import { dayFromMicros, US_PER_MS } from "../time.ts";
import { alertOldMarks } from "./portfolio/account.ts";
import type { TraderCommand } from "./commands.ts";
import type { TraderConfiguration } from "./configuration.ts";
import type { ScanDecision } from "./decision.ts";
import type { BookEvent, PostureEvent, TraderEvent } from "./events.ts";
import { settleFunding } from "./portfolio/carry.ts";
import { declaredBooks } from "./market/asset-book.ts";
import { MarketWindows } from "./market/market-windows.ts";
import { alertMissingPosture } from "./risk/missing-posture.ts";
import { withdrawEntries } from "./risk/withdraw-entries.ts";
import { emitNote, noCommands, type Trader, type TraderData, type WorkingOrder } from "./state.ts";
import { beginDay, stepDayRolled } from "./steps/step-day.ts";
import { stepOperator } from "./steps/step-operator.ts";
import { stepReport } from "./steps/step-report.ts";
import { stepScan, stepScanLost } from "./steps/step-scan.ts";

export type { Trader } from "./state.ts";

/** @throws {Error} that names a parameter, an input or a limit that does not fit the strategy. */
export function createTrader(configuration: TraderConfiguration): Trader {
  const strategy = configuration.strategy.start(configuration.parameters);
  for (const input of ["scan", "posture", ...strategy.inputs]) {
    if (!(configuration.ageBudgetsMs[input]! >= 0)) {
      throw new Error(`input ${input} of strategy ${strategy.name} needs an age budget`);
    }
  }
  const { positionsMax } = configuration.limits;
  if (positionsMax < strategy.positionsMax) {
    throw new Error(
      `strategy ${strategy.name} holds up to ${strategy.positionsMax} positions and limits.positions_max ` +
        `is ${positionsMax}: raise the limit, or have the strategy hold fewer`,
    );
  }
  const data = freshData(configuration.capital);
  return {
    configuration,
    strategy,
    windows: new MarketWindows(strategy.lookBackScans, strategy.carried.length, data),
    data,
    scanBudgetMs: configuration.ageBudgetsMs["scan"]!,
    declaredBooks: declaredBooks(strategy.inputs),
    nextIndex: 1,
    commands: noCommands(),
  };
}

/** Returns the commands in the order in which they arose; the array is shared when it is empty. */
export function stepTrader(trader: Trader, event: TraderEvent): readonly TraderCommand[] {
  const { data } = trader;
  assert(event.index === trader.nextIndex, "the log of events has no gap");
  trader.nextIndex += 1;
  trader.commands = noCommands();
  data.nowMs = event.nowMs;
  data.orderOrdinal = 0;
  if (data.day.day === "") beginFirstDay(trader);
  switch (event.kind) {
    case "scan":
      stepScan(trader, event);
      break;
    case "scan_lost":
      stepScanLost(trader, event);
      break;
    case "feature":
      data.features.set(event.name, { value: event.value, asOfMs: event.asOfMs });
      trader.windows.noteFeature(event.name, event.value);
      settleFunding(trader, event);
      break;
    case "book":
      noteBook(trader, event);
      break;
    case "posture":
      notePosture(trader, event);
      withdrawEntries(trader);
      break;
    case "tick":
      alertOldMarks(trader);
      alertMissingPosture(trader);
      withdrawEntries(trader);
      break;
    case "order_accepted":
    case "order_partly_filled":
    case "order_filled":
    case "order_rejected":
    case "order_cancelled":
    case "order_unknown":
      stepReport(trader, event);
      break;
    case "operator":
      stepOperator(trader, event);
      break;
    case "day_rolled":
      stepDayRolled(trader, event.day);
      break;
    case "started":
      emitNote(trader, "started", {
        subject: trader.strategy.name,
        detail: `configuration ${event.configurationHash}, code ${event.codeHash}, snapshot ${event.snapshotHash}`,
      });
      break;
  }
  return trader.commands;
}

/** The decision record of the last event, null if it made none: read it after each step. */
export function decisionOf({ data, nextIndex }: Trader): ScanDecision | null {
  const { index, ...decision } = data.decision;
  return index === nextIndex - 1 ? decision : null;
}

/** Orders without a final report: what a restarted shell asks its broker about. */
export function workingOrdersOf(trader: Trader): readonly WorkingOrder[] {
  return trader.data.working;
}

function beginFirstDay(trader: Trader): void {
  const { data } = trader;
  beginDay(trader, dayFromMicros(data.nowMs * US_PER_MS));
  data.posture.knownAtMs = data.nowMs;
}

function noteBook({ data }: Trader, { asset, asOfMs, bids, asks }: BookEvent): void {
  data.books ??= new Map();
  data.books.set(asset, { asOfMs, bids, asks });
}

function notePosture(trader: Trader, event: PostureEvent): void {
  const { posture } = trader.data;
  posture.value = event.posture;
  posture.asOfMs = event.asOfMs;
  // Absent when false, as in states of older releases.
  if (event.entries === "stop") posture.areEntriesStopped = true;
  else delete posture.areEntriesStopped;
  if (event.posture === "UNKNOWN") return;
  posture.knownAtMs = event.asOfMs;
  posture.isMissingAlerted = false;
}

function freshData(capital: number): TraderData {
  return {
    nowMs: 0,
    orderOrdinal: 0,
    decision: {
      index: 0,
      seq: 0,
      class: "fresh",
      outcome: "no_signal",
      refusal: null,
      subject: "",
      signal: 0,
    },
    scans: {
      seqs: { base: 0, highest: 0, seen: 0, holes: new Set(), lost: 0 },
      hasBegun: false,
      barIndex: 0,
      decisions: 0,
      duplicates: 0,
      lastSeq: 0,
      lastScanNumber: 0,
      lastAsOfMs: -Infinity,
      intervalMs: Infinity,
    },
    account: { cash: capital, equity: capital, realized: 0, fees: 0, trades: 0 },
    day: {
      day: "",
      cashStart: capital,
      realized: 0,
      fees: 0,
      trades: 0,
      wins: 0,
      losses: 0,
      peakEquity: capital,
      maxDrawdown: 0,
    },
    risk: {
      isHalted: false,
      latched: [],
      peakEquity: capital,
      dayEquity: capital,
      entryTimesMs: [],
    },
    posture: { value: "UNKNOWN", asOfMs: -Infinity, knownAtMs: 0, isMissingAlerted: false },
    features: new Map(),
    refusals: {},
    positions: [],
    working: [],
    operatorIds: [],
  };
}
