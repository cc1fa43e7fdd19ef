/**
 * A recorded day as it was: what each of its scans came to, and what a run of the same day from the
 * archive has to be told beside the scans.
 */
import type { TraderCommand } from "../../trading/commands.ts";
import type {
  DayRolledEvent,
  FeatureEvent,
  OperatorEvent,
  PostureEvent,
  TraderEvent,
} from "../../trading/events.ts";
import { snapshotOf, type TraderSnapshot } from "../../trading/snapshot/snapshot.ts";
import type { Trader } from "../../trading/state.ts";
import { stepTrader } from "../../trading/trader.ts";
import { createDayTrace, type DayTrace, traceDecision, traceTrades } from "./day-trace.ts";

/**
 * A posture takes effect when it was true: who runs the archive does not know when it was heard. A feature does when it
 * became known, and where nothing else says when that was, when it was heard. Order books are too many to be held: they
 * are read again.
 */
export type Reading = {
  readonly takesEffectMs: number;
  readonly event: PostureEvent | FeatureEvent;
};
/** What came from outside of the market keeps its place among the scans. */
export type Placed = {
  readonly beforeSeq: number;
  readonly event: OperatorEvent | DayRolledEvent;
};

export type RecordedDay = {
  /** As it was before the day's first event. */
  readonly start: TraderSnapshot;
  readonly trader: Trader;
  readonly trace: DayTrace;
  readonly readings: Reading[];
  readonly placed: Placed[];
  /** Seqs decided on the day; the last is 0 before the first. */
  readonly seqs: { first: number; last: number };
  /** The times of the day's first and last scan. */
  readonly asOfMs: { first: number; last: number };
  /**
   * Up to this seq a book without a past filled its windows from a backlog: no run decides there. 0
   * for a book that had begun before.
   */
  warmUpTo: number;
  /** The first event's time, or that of an older scan which was taken on the day. */
  beganMs: number;
};

/** `trader` is as it was before the day's first event. */
export function beginRecordedDay(trader: Trader): RecordedDay {
  const { seqs, hasBegun } = trader.data.scans;
  return {
    start: snapshotOf(trader),
    trader,
    trace: createDayTrace(),
    readings: [],
    placed: [],
    seqs: { first: hasBegun ? seqs.highest + 1 : Infinity, last: 0 },
    asOfMs: { first: Infinity, last: -Infinity },
    warmUpTo: hasBegun ? 0 : Infinity,
    beganMs: Infinity,
  };
}

/** Every event of the day, in the log's order. */
export function takeRecorded(day: RecordedDay, event: TraderEvent): void {
  const { trader, trace, readings, placed } = day;
  day.beganMs = Math.min(day.beganMs, event.nowMs);
  const beforeSeq = trader.data.scans.hasBegun ? trader.data.scans.seqs.highest + 1 : 0;
  const commands = stepTrader(trader, event);
  traceTrades(trace, commands);
  switch (event.kind) {
    case "scan":
    case "scan_lost":
      noteScan(day, event, commands);
      return;
    case "posture":
      readings.push({ takesEffectMs: event.asOfMs, event });
      return;
    case "feature":
      readings.push({ takesEffectMs: event.knownMs ?? event.nowMs, event });
      return;
    case "operator":
    case "day_rolled":
      placed.push({ beforeSeq, event });
      return;
    // A run of the archive has a start, a clock and a broker of its own.
    case "started":
    case "book":
    case "tick":
    case "order_accepted":
    case "order_partly_filled":
    case "order_filled":
    case "order_rejected":
    case "order_cancelled":
    case "order_unknown":
      return;
  }
}

type Seqed = Extract<TraderEvent, { readonly seq: number }>;

function noteScan(day: RecordedDay, event: Seqed, commands: readonly TraderCommand[]): void {
  const { trader, trace, seqs, asOfMs } = day;
  const { seq } = event;
  if (seqs.first === Infinity) seqs.first = seq;
  // A hole of the day before that was filled today.
  if (seq < seqs.first) return;
  traceDecision(trace, trader, { seq, event, commands });
  const isFresh = trader.data.decision.class === "fresh";
  if (day.warmUpTo === Infinity && isFresh) day.warmUpTo = seq - 1;
  if (seqs.last < seq) seqs.last = seq;
  if (event.kind === "scan_lost") return;
  asOfMs.first = Math.min(asOfMs.first, event.asOfMs);
  asOfMs.last = Math.max(asOfMs.last, event.asOfMs);
  day.beganMs = Math.min(day.beganMs, event.asOfMs);
}
