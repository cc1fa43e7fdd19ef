/**
 * A recorded day: the result of each of its scans, and the inputs besides scans that a run of the same day from the
 * archive needs.
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
 * An input and the time at which it takes effect. A posture takes effect at its `as_of`, because the archive does not
 * know when it was received. A feature takes effect when it became known, and where that is not recorded, when it was
 * received. Order books are too many to keep, and are read again.
 */
export type RecordedReading = {
  readonly takesEffectMs: number;
  readonly event: PostureEvent | FeatureEvent;
};
/** Operator commands keep their place among the scans. */
export type Placed = {
  readonly beforeSeq: number;
  readonly event: OperatorEvent | DayRolledEvent;
};

export type RecordedDay = {
  /** The state before the day's first event. */
  readonly start: TraderSnapshot;
  readonly trader: Trader;
  readonly trace: DayTrace;
  readonly readings: RecordedReading[];
  readonly placed: Placed[];
  /** Seqs decided on the day; `last` is 0 before the first. */
  readonly seqs: { first: number; last: number };
  /** Timestamps of the day's first and last scan. */
  readonly asOfMs: { first: number; last: number };
  /** Up to this seq a new book filled its windows from a backlog, and no run decides there. 0 for an older book. */
  warmUpTo: number;
  /** The time of the first event, or of an older scan that was taken on the day. */
  beganMs: number;
};

/** `trader` is in the state before the day's first event. */
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

/** Takes every event of the day, in the log's order. */
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
    // A run of the archive has its own start, clock and broker.
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
