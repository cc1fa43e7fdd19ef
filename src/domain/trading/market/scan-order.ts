/**
 * Classifies a scan by its seq and its age. Invariant: a seq is decided once; duplicates, permuted and late scans
 * make no second decision.
 */
import { noteSeq, type SeenSeqs } from "../../scan/seen-seqs.ts";
import type { ScanClass } from "../decision.ts";
import type { ScanEvent } from "../events.ts";
import { isWithinBudget } from "./input-ages.ts";
import type { Trader } from "../state.ts";
import { measureClock, takenOffMs } from "./scan-clock.ts";

/** Null for a seq that was decided already, or that is before the first one seen. */
export function classOf(trader: Trader, event: ScanEvent): ScanClass | null {
  const isLate = isBehind(trader, event);
  if (!takeSeq(trader, event.seq)) return null;
  if (isLate) return "late";
  if (!isLive(event)) return "stale";
  measureClock(trader, event);
  return isWithinBudget(takenAgeMs(trader, event), trader.scanBudgetMs) ? "fresh" : "stale";
}

/**
 * A gap that is filled after newer scans can't enter windows that have moved on. The answer is the same after the
 * scan was taken.
 */
export function isBehind({ data: { scans } }: Trader, event: ScanEvent): boolean {
  return event.isLate || (scans.hasBegun && event.seq < scans.seqs.highest);
}

/** Arrived when it was written: neither from a backlog nor read to fill a gap. */
export function isLive({ isReplayed, isRepaired }: ScanEvent): boolean {
  return !isReplayed && !isRepaired;
}

/** Its age on arrival, without the common clock offset. */
export function takenAgeMs(trader: Trader, event: ScanEvent): number {
  return event.nowMs - event.asOfMs - takenOffMs(trader);
}

/**
 * Whether exits are evaluated at a stale scan: it is the newest one available, whatever its clock says, and a
 * position must not be kept because of that. Scans of backlogs and repairs are older than what was known when they
 * arrived.
 */
export function judgesExits({ configuration }: Trader, event: ScanEvent): boolean {
  return configuration.scanOffsetMaxMs !== undefined && isLive(event);
}

export function takeSeq(trader: Trader, seq: number): boolean {
  const { scans } = trader.data;
  if (!scans.hasBegun) {
    scans.hasBegun = true;
    Object.assign(scans.seqs, { base: seq - 1, highest: seq - 1 } satisfies Partial<SeenSeqs>);
  }
  const { seqs } = scans;
  if (seq !== seqs.highest + 1) return noteSeq(seqs, seq);
  seqs.highest = seq;
  seqs.seen += 1;
  return true;
}
