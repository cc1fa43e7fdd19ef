/** One scan: windows, marks, exits, then at most one entry. Only this scan's prices are used. */
import { assert } from "../../assert.ts";
import { alertOldMarks, gainOf, markPositions } from "../portfolio/account.ts";
import { placeEntry, placeExit } from "../portfolio/place-orders.ts";
import { countSilence, writeOffDelisted } from "../portfolio/write-off.ts";
import type { DecisionOutcome, ScanClass } from "../decision.ts";
import type { ScanEvent, ScanLostEvent } from "../events.ts";
import { classOf, judgesExits, takeSeq } from "../market/scan-order.ts";
import type { MarketWindows } from "../market/market-windows.ts";
import { chargeHours } from "../portfolio/carry.ts";
import { liquidate } from "../portfolio/liquidation.ts";
import type { ExitReason } from "../orders.ts";
import { judgeEntry, type EntryVerdict, type EntryWish } from "../risk/entry-gate.ts";
import { postureNow } from "../market/input-ages.ts";
import { hasRoom } from "../risk/position-room.ts";
import { alertMissingPosture, isPostureMissing } from "../risk/missing-posture.ts";
import { withdrawEntries } from "../risk/withdraw-entries.ts";
import { emitNote, type Position, type Trader } from "../state.ts";
import type { EntrySignal } from "../strategy.ts";

export function stepScan(trader: Trader, event: ScanEvent): void {
  const { data, windows, strategy } = trader;
  const { scans } = data;
  const scanClass = classOf(trader, event);
  if (scanClass === null) {
    scans.duplicates += 1;
    return;
  }
  beginDecision(trader, event.seq, scanClass);
  if (scanClass === "late") {
    data.decision.outcome = "ignored_late";
    return;
  }
  if (!windows.isSameUniverse(event.assets)) changeUniverse(trader, event.assets);
  windows.push(event);
  scans.barIndex += 1;
  scans.lastSeq = event.seq;
  scans.lastScanNumber = event.scanNumber;
  if (data.working.length > 0) withdrawEntries(trader);
  const gapMs = event.asOfMs - scans.lastAsOfMs;
  if (gapMs !== scans.intervalMs) noteInterval(trader, gapMs);
  scans.lastAsOfMs = event.asOfMs;
  strategy.observe(windows);
  let isLiquidated = false;
  if (data.positions.length > 0) {
    chargeHours(trader);
    markPositions(trader);
    isLiquidated = liquidate(trader);
    alertOldMarks(trader);
  }
  if (trader.configuration.delisting !== undefined) countSilence(trader);
  if (isLiquidated) data.decision.outcome = exitOthers(trader, event);
  else if (scanClass === "fresh") data.decision.outcome = decideFresh(trader);
  else data.decision.outcome = decideStale(trader, event);
}

function noteInterval(trader: Trader, gapMs: number): void {
  const { scans } = trader.data;
  const longestMs = Math.max(2 * scans.intervalMs, trader.scanBudgetMs);
  scans.intervalMs = Math.min(gapMs, longestMs);
}

/** The seq will never arrive: its record says so, and it counts as decided. */
export function stepScanLost(trader: Trader, event: ScanLostEvent): void {
  if (!takeSeq(trader, event.seq)) return;
  beginDecision(trader, event.seq, "gap");
  trader.data.decision.outcome = "lost";
  emitNote(trader, "scan_lost", {
    severity: "alert",
    subject: String(event.seq),
    detail: `seq ${event.seq} was found neither in the ringbuffer nor in the bridge's journal`,
  });
}

function beginDecision(trader: Trader, seq: number, scanClass: ScanClass): void {
  const { decision, scans } = trader.data;
  scans.decisions += 1;
  decision.index = trader.nextIndex - 1;
  decision.seq = seq;
  decision.class = scanClass;
  decision.outcome = "no_signal";
  decision.refusal = null;
  decision.subject = "";
  decision.signal = 0;
}

function changeUniverse(trader: Trader, assets: readonly string[]): void {
  const { windows, data } = trader;
  assert(new Set(assets).size === assets.length, "the assets of a scan are unique");
  const before = windows.assetCount;
  windows.changeUniverse(assets);
  for (const position of data.positions) position.column = windows.columnOf(position.asset);
  emitNote(trader, "universe_changed", {
    subject: String(assets.length),
    detail: `${before} assets before, ${assets.length} now`,
  });
}

/** No entry on a scan on which the venue has closed something. */
function exitOthers(trader: Trader, event: ScanEvent): DecisionOutcome {
  const isJudged = trader.data.decision.class === "fresh" || judgesExits(trader, event);
  if (isJudged) exitPositions(trader);
  return "exited";
}

function decideStale(trader: Trader, event: ScanEvent): DecisionOutcome {
  if (trader.data.positions.length === 0 || !judgesExits(trader, event)) return "stale";
  return exitPositions(trader) ? "exited" : "stale";
}

function decideFresh(trader: Trader): DecisionOutcome {
  const { data, strategy, windows } = trader;
  if (data.positions.length > 0 && exitPositions(trader)) return "exited";
  if (!hasRoom(trader)) return data.working.length > 0 ? "waiting" : "held";
  if (!strategy.isWarm()) return "warming";
  const signal = strategy.decide(windows);
  return signal === null ? "no_signal" : enterOn(trader, signal);
}

function enterOn(trader: Trader, signal: EntrySignal): DecisionOutcome {
  const { data, windows } = trader;
  const wish = wishOf(windows, signal);
  data.decision.signal = signal.strength;
  const verdict = judgeEntry(trader, wish);
  if (verdict.kind === "allowed") {
    placeEntry(trader, wish, verdict);
    return "entered";
  }
  noteRefusal(trader, verdict);
  return "refused";
}

export function wishOf(windows: MarketWindows, signal: EntrySignal): EntryWish {
  const { column, direction, share, strength, plan } = signal;
  return { column, asset: windows.nameOf(column), direction, share, strength, plan };
}

function noteRefusal(trader: Trader, verdict: EntryVerdict & { readonly kind: "refused" }): void {
  const { decision, refusals } = trader.data;
  decision.refusal = verdict.reason;
  decision.subject = verdict.subject;
  refusals[verdict.reason] = (refusals[verdict.reason] ?? 0) + 1;
}

/** Returns whether any exit was ordered. */
function exitPositions(trader: Trader): boolean {
  const { positions } = trader.data;
  const forced = forcedExit(trader);
  if (forced === "posture_missing") alertMissingPosture(trader);
  let hasExited = false;
  for (let at = 0; at < positions.length; at += 1) {
    const position = positions[at]!;
    const price = trader.windows.at(position.column);
    // Never at a missing price.
    if (!(price > 0)) {
      if (writeOffDelisted(trader, position)) hasExited = true;
      continue;
    }
    // One exit order at a time.
    if (position.exitOrderId !== "") continue;
    const reason = position.exitWanted ?? forced ?? plannedExit(trader, position, price);
    if (reason === null) continue;
    placeExit(trader, position, reason);
    hasExited = true;
  }
  return hasExited;
}

function forcedExit(trader: Trader): ExitReason | null {
  if (postureNow(trader) === "HIBERNATE") return "posture_hibernate";
  return isPostureMissing(trader) ? "posture_missing" : null;
}

function plannedExit(trader: Trader, position: Position, price: number): ExitReason | null {
  const { plan } = position;
  const gain = gainOf(position, price);
  if (plan.takeProfit <= gain) return "take_profit";
  if (gain <= -plan.stopLoss) return "stop_loss";
  const heldScans = trader.data.scans.barIndex - position.openedBar;
  if (plan.holdScansMax <= heldScans) return "max_hold";
  const { shouldExit } = trader.strategy;
  if (shouldExit === null) return null;
  const { column, direction, entryPrice } = position;
  const view = { column, asset: column, direction, entryPrice, heldScans };
  return shouldExit(trader.windows, view) ? "strategy" : null;
}
