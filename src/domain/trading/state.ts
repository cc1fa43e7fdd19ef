/** All state of a trader between two events. Everything in `data` is plain, so that a snapshot is a walk over it. */
import type { SeenSeqs } from "../scan/seen-seqs.ts";
import type { NoteCode, TraderCommand } from "./commands.ts";
import type { TraderConfiguration } from "./configuration.ts";
import type { DecisionOutcome, RefusalReason, ScanClass } from "./decision.ts";
import type { AssetBook } from "./market/asset-book.ts";
import type { MarketWindows } from "./market/market-windows.ts";
import type { Direction, ExitPlan, ExitReason, InputAge, Order } from "./orders.ts";
import type { Posture } from "./posture.ts";
import type { LimitName } from "./risk/limit-names.ts";
import type { RunningStrategy } from "./strategy.ts";

/** Read it through `decisionOf`, `publishedOf`, `snapshotOf`; its internals may change. */
export type Trader = {
  readonly configuration: TraderConfiguration;
  readonly strategy: RunningStrategy;
  readonly windows: MarketWindows;
  readonly data: TraderData;
  /** One of the configuration's age budgets, cached because it is used at every scan. */
  readonly scanBudgetMs: number;
  /** The assets whose order books the strategy declares; null: none. */
  readonly declaredBooks: "each" | ReadonlySet<string> | null;
  /** The index that the next event must have. */
  nextIndex: number;
  commands: TraderCommand[];
};

export type Position = {
  readonly id: string;
  readonly asset: string;
  readonly direction: Direction;
  readonly sign: 1 | -1;
  readonly openedSeq: number;
  readonly openedAtMs: number;
  readonly openedBar: number;
  readonly plan: ExitPlan;
  readonly signal: number;
  readonly posture: Posture;
  readonly ages: readonly InputAge[];
  /** In the present universe; -1 while the asset is absent. */
  column: number;
  /** Never negative; the direction is separate. */
  quantity: number;
  entryQuantity: number;
  entryNotional: number;
  entryPrice: number;
  exitQuantity: number;
  exitNotional: number;
  realized: number;
  fees: number;
  mark: number;
  markedAtMs: number;
  isMarkAlerted: boolean;
  /** How long the asset has had no price; absent while the last scan has one. */
  unpricedMs?: number;
  /** Funding received (negative: paid) and interest paid so far, and up to which time; absent before the first. */
  funding?: number;
  fundingPaidToMs?: number;
  borrowCost?: number;
  borrowPaidToMs?: number;
  /** Marks as shares of the entry price, positive in the position's favour. */
  worst: number;
  best: number;
  /** Once decided, an exit stays decided, however often its order fails. */
  exitWanted: ExitReason | null;
  exitOrderId: string;
};

export type WorkingOrder = {
  readonly order: Order;
  readonly direction: Direction;
  readonly plan: ExitPlan;
  readonly signal: number;
  readonly posture: Posture;
  status: "submitted" | "accepted" | "unknown";
  fillCount: number;
  filled: number;
  isCancelling: boolean;
};

/** The clock offset of the last scans. */
export type ScanClock = {
  /** One for each of the last scans that came live and in order, newest last. */
  readonly offsets: number[];
  medianMs: number;
  /** The median where most scans share an offset beyond normal latency, else 0. */
  steadyMs: number;
  /** The part of it within the bound, which is subtracted. */
  takenMs: number;
  told: "in_time" | "taken_off" | "off";
};

export type TraderData = {
  nowMs: number;
  /** Numbers the orders of one step. */
  orderOrdinal: number;
  readonly decision: {
    /** The index of the event that made it. */
    index: number;
    seq: number;
    class: ScanClass;
    outcome: DecisionOutcome;
    refusal: RefusalReason | null;
    subject: string;
    signal: number;
  };
  readonly scans: {
    readonly seqs: SeenSeqs;
    hasBegun: boolean;
    /** Number of in-order scans, which are the ones in the windows. */
    barIndex: number;
    decisions: number;
    duplicates: number;
    lastSeq: number;
    lastScanNumber: number;
    /** -Infinity before the first scan. */
    lastAsOfMs: number;
    /** The usual time between two scans, Infinity before the second; a single silence does not lengthen it. */
    intervalMs: number;
  };
  readonly account: {
    cash: number;
    equity: number;
    realized: number;
    fees: number;
    trades: number;
  };
  readonly day: {
    day: string;
    cashStart: number;
    realized: number;
    fees: number;
    trades: number;
    wins: number;
    losses: number;
    peakEquity: number;
    maxDrawdown: number;
  };
  readonly risk: {
    isHalted: boolean;
    latched: LimitName[];
    peakEquity: number;
    dayEquity: number;
    /** When the entries of the last minute were placed. */
    entryTimesMs: number[];
  };
  readonly posture: {
    value: Posture | "UNKNOWN";
    asOfMs: number;
    /** Absent: they are not stopped. Open positions keep their exits. */
    areEntriesStopped?: boolean;
    /** The start of the time without a posture: the last known one's time, or the first event's. */
    knownAtMs: number;
    isMissingAlerted: boolean;
  };
  readonly features: Map<string, { readonly value: number; readonly asOfMs: number }>;
  /** By asset; absent before the first book. */
  books?: Map<string, AssetBook>;
  readonly refusals: Record<string, number>;
  /** Absent before the first live scan, and where it is not measured. */
  clock?: ScanClock;
  /** Assets that were written off and have had no price since; absent before the first. */
  writtenOff?: readonly string[];
  /** Absent before the first liquidation. */
  liquidated?: { count: number; lastAsset: string; lastAtMs: number; lastPnl: number };
  positions: Position[];
  working: WorkingOrder[];
  operatorIds: string[];
};

/** The gain of open positions at their marks, before fees. */
export function unrealizedOf(positions: readonly Position[]): number {
  let sum = 0;
  for (let at = 0; at < positions.length; at += 1) {
    const position = positions[at]!;
    sum += (position.mark - position.entryPrice) * position.quantity * position.sign;
  }
  return sum;
}

const NO_COMMANDS: TraderCommand[] = [];

export function noCommands(): TraderCommand[] {
  return NO_COMMANDS;
}

export function emit(trader: Trader, command: TraderCommand): void {
  // The empty array is shared by all traders, so the first command creates a new one.
  if (trader.commands === NO_COMMANDS) trader.commands = [command];
  else trader.commands.push(command);
}

export function emitNote(
  trader: Trader,
  code: NoteCode,
  facts: {
    readonly subject: string;
    readonly detail: string;
    readonly severity?: "info" | "alert";
  },
): void {
  const { subject, detail, severity = "info" } = facts;
  emit(trader, { kind: "note", note: { code, severity, subject, detail } });
}
