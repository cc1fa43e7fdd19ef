/**
 * Which class a scan is of, by its seq and its age.
 *
 * Invariant: a seq is taken once. Whatever comes again, permuted or late, leaves no second decision.
 */
import { noteSeq, type SeenSeqs } from "../../scan/seen-seqs.ts";
import type { ScanClass } from "../decision.ts";
import type { ScanEvent } from "../events.ts";
import { isWithinBudget } from "../risk/input-ages.ts";
import type { Trader } from "../state.ts";

/** Null for a seq that has its decision already, or that lies before the first one seen. */
export function classOf(trader: Trader, event: ScanEvent): ScanClass | null {
  const { scans } = trader.data;
  const isBehind = scans.hasBegun && event.seq < scans.seqs.highest;
  if (!takeSeq(trader, event.seq)) return null;
  // A hole that is filled behind newer scans can't enter windows that have gone on.
  if (event.isLate || isBehind) return "late";
  if (event.isReplayed || event.isRepaired) return "stale";
  return isWithinBudget(event.nowMs - event.asOfMs, trader.scanBudgetMs) ? "fresh" : "stale";
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
