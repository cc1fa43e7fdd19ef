/** All that a trader holds between two events. Everything in `data` is plain, so a snapshot is a walk over it. */
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

/** Read it through `decisionOf`, `publishedOf`, `snapshotOf`; what lies within may change. */
export type Trader = {
  readonly configuration: TraderConfiguration;
  readonly strategy: RunningStrategy;
  readonly windows: MarketWindows;
  readonly data: TraderData;
  /** One of the configuration's age budgets: it is looked up at every scan. */
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
  /** Never negative; the direction is apart. */
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
  /** How long scans came without a price of the asset; left out while the last one has a price. */
  unpricedMs?: number;
  /** Funding received (below zero: paid) and interest paid so far, and up to when; left out before the first. */
  funding?: number;
  fundingPaidToMs?: number;
  borrowCost?: number;
  borrowPaidToMs?: number;
  /** Marks as shares of the entry price, in the position's favour when positive. */
  worst: number;
  best: number;
  /** An exit once decided stays decided, however often its order fails. */
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

/** What the times of the last scans say about the writer's clock. */
export type ScanClock = {
  /** One for each of the last scans that came live and in order, the newest last. */
  readonly offsets: number[];
  medianMs: number;
  /** The median where most scans are off alike and by more than their way takes, else 0. */
  steadyMs: number;
  /** The part of it that is within the bound. */
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
    /** In-order scans: the ones in the windows. */
    barIndex: number;
    decisions: number;
    duplicates: number;
    lastSeq: number;
    lastScanNumber: number;
    /** -Infinity before the first scan. */
    lastAsOfMs: number;
    /** What usually lies between two scans, Infinity before the second: one silence does not make it long. */
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
    /** Left out: they are not. What is open keeps its exits. */
    areEntriesStopped?: boolean;
    /** Since when no posture is known: the last known one's time, or the first event's. */
    knownAtMs: number;
    isMissingAlerted: boolean;
  };
  readonly features: Map<string, { readonly value: number; readonly asOfMs: number }>;
  /** By asset; left out before the first, and so where none is heard. */
  books?: Map<string, AssetBook>;
  readonly refusals: Record<string, number>;
  /** Left out before the first live scan, and where it is not measured. */
  clock?: ScanClock;
  /** Assets that were written off and have had no price since; left out before the first. */
  writtenOff?: readonly string[];
  /** Left out before the first liquidation. */
  liquidated?: { count: number; lastAsset: string; lastAtMs: number; lastPnl: number };
  positions: Position[];
  working: WorkingOrder[];
  operatorIds: string[];
};

const NO_COMMANDS: TraderCommand[] = [];

export function noCommands(): TraderCommand[] {
  return NO_COMMANDS;
}

export function emit(trader: Trader, command: TraderCommand): void {
  // The empty array is shared by all traders, so the first command brings an array of its own.
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
