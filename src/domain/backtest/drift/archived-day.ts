/**
 * Runs a recorded day as a backtest: every scan of the archive in order and at its own time, from the state with
 * which the book began the day. Invariant: scans that nothing disturbed lead to the recorded decisions.
 */
import type { PaperSettings } from "../../trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../trading/broker/paper-desk.ts";
import { stepDesk, type TraderAtDesk } from "../../trading/broker/step-desk.ts";
import type { TraderCommand } from "../../trading/commands.ts";
import type { TraderConfiguration } from "../../trading/configuration.ts";
import type { ScanEvent, TraderEvent } from "../../trading/events.ts";
import { restoreFrom } from "../../trading/snapshot/snapshot.ts";
import { workingOrdersOf } from "../../trading/trader.ts";
import { createDayTrace, type DayTrace, traceDecision, traceTrades } from "./day-trace.ts";
import type { RecordedBook } from "../backtest-run.ts";
import type { RecordedReading, RecordedDay } from "./recorded-day.ts";

/** A row of the archive; the buffers may be reused after the row was taken. */
export type ArchivedScan = Pick<
  ScanEvent,
  | "seq"
  | "scanNumber"
  | "asOfMs"
  | "assets"
  | "prices"
  | "pricesAt"
  | "eigenvalues"
  | "eigenvaluesAt"
  | "eigenvalueCount"
>;

/** Returns for each asset the newest order book up to a time, if it was not returned before. */
export type NewestBooks = (toMs: number) => readonly RecordedBook[];

export type ArchivedDay = {
  readonly recorded: RecordedDay;
  readonly desk: TraderAtDesk;
  readonly trace: DayTrace;
  /** In the order in which they take effect. */
  readonly readings: readonly RecordedReading[];
  readonly newestBooks: NewestBooks;
  /** The commands of the event that is being stepped. */
  readonly commands: TraderCommand[];
  readonly taken: { readings: number; placed: number };
  nowMs: number;
  lastNumber: number;
  /** Scans that the archive has before others of a lower seq, because the bridge saw them late. */
  readonly ahead: Set<number>;
};

type Program = { readonly trader: TraderConfiguration; readonly paper: PaperSettings };

const NOTHING = new Float64Array(0);

/** `recorded` covers the whole day. */
export function beginArchivedDay(
  recorded: RecordedDay,
  { trader: configuration, paper }: Program,
  newestBooks: NewestBooks = () => [],
): ArchivedDay {
  // The archive's scans arrive at their own times, so a clock offset of that day does not matter here.
  const { scanOffsetMaxMs: _bound, ...onTime } = configuration;
  const trader = restoreFrom(onTime, recorded.start);
  const trace = createDayTrace();
  const commands: TraderCommand[] = [];
  const onCommands = (_: TraderEvent, some: readonly TraderCommand[]): void => {
    commands.push(...some);
    traceTrades(trace, some);
  };
  const desk = createPaperDesk(paper, workingOrdersOf(trader));
  return {
    recorded,
    desk: { trader, desk, beforeReport: () => {}, onCommands },
    trace,
    readings: recorded.readings.toSorted((one, other) => one.takesEffectMs - other.takesEffectMs),
    newestBooks,
    commands,
    taken: { readings: 0, placed: 0 },
    nowMs: recorded.beganMs,
    lastNumber: recorded.seqs.first - 1,
    ahead: new Set(),
  };
}

/** Rows come in the archive's order; returns false for a scan that is not of the day. */
export function takeArchived(day: ArchivedDay, scan: ArchivedScan): boolean {
  const { recorded, desk, trace, commands } = day;
  const { first, last } = recorded.seqs;
  if (scan.seq < first || last < scan.seq) return false;
  const number = numberOf(day, scan.seq);
  tellPlaced(day, number);
  tellReadings(day, scan.asOfMs);
  tellBooks(day, scan.asOfMs);
  // A writer's clock that was set back does not make the trader's time go back.
  if (day.nowMs < scan.asOfMs) day.nowMs = scan.asOfMs;
  commands.length = 0;
  const event: ScanEvent = {
    ...scan,
    kind: "scan",
    index: desk.trader.nextIndex,
    nowMs: day.nowMs,
    seq: number,
    asOfMs: day.nowMs,
    isReplayed: scan.seq <= recorded.warmUpTo,
    isLate: false,
    isRepaired: false,
    carried: NOTHING,
    carriedAt: 0,
  };
  stepDesk(desk, event);
  traceDecision(trace, desk.trader, { seq: scan.seq, event, commands });
  return true;
}

/**
 * The seq that the scan would have if every scan had been seen in time: its own seq, except around a late scan. Order
 * ids are derived from it, so equal orders of both runs have equal ids.
 */
function numberOf(day: ArchivedDay, seq: number): number {
  const { ahead, recorded } = day;
  let number = day.lastNumber + 1;
  if (recorded.trace.decisions.get(seq)?.handicap === "late") ahead.add(seq);
  else {
    for (const early of ahead) if (early < seq) ahead.delete(early);
    number = Math.max(number, seq + ahead.size);
  }
  day.lastNumber = number;
  return number;
}

function tellPlaced(day: ArchivedDay, number: number): void {
  const { recorded, taken, desk } = day;
  for (;;) {
    const next = recorded.placed[taken.placed];
    if (next === undefined || number < next.beforeSeq) return;
    taken.placed += 1;
    // An operator's order id is derived from its index in the log.
    desk.trader.nextIndex = next.event.index;
    stepDesk(desk, { ...next.event, nowMs: day.nowMs });
  }
}

function tellReadings(day: ArchivedDay, untilMs: number): void {
  const { readings, taken, desk } = day;
  for (;;) {
    const next = readings[taken.readings];
    if (next === undefined || untilMs < next.takesEffectMs) return;
    taken.readings += 1;
    const { takesEffectMs, event } = next;
    if (day.nowMs < takesEffectMs) day.nowMs = takesEffectMs;
    stepDesk(desk, { ...event, index: desk.trader.nextIndex, nowMs: day.nowMs });
  }
}

function tellBooks(day: ArchivedDay, untilMs: number): void {
  const { newestBooks, desk } = day;
  for (const { knownMs, ...book } of newestBooks(untilMs)) {
    if (day.nowMs < knownMs) day.nowMs = knownMs;
    const { nowMs } = day;
    stepDesk(desk, { kind: "book", index: desk.trader.nextIndex, nowMs, ...book });
  }
}
