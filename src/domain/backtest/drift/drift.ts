/**
 * How far a live day drifted from a backtest of the same scans: counts every decision and trade that differs by its
 * cause. Drift is reported, and fails nothing.
 */
import type { Trade } from "../../trading/orders.ts";
import { bookTimeAt } from "./book-times.ts";
import type { DayTrace, TracedDecision } from "./day-trace.ts";

export const DRIFT_CAUSES = [
  /** The scan came late or out of order. */
  "late",
  /** The scan was lost, repaired from ringbuffer or journal, pushed from a backlog, or is not archived. */
  "gap",
  /** The scan, or another input that an entry needs, was too old when it was taken. */
  "latency",
  /** Posture, a feature or an order book became known later than its `as_of`, or than the archive has it. */
  "feature",
  /** Caused by the different state that an earlier difference left, not by this scan. */
  "knock_on",
  "unexplained",
] as const;
export type DriftCause = (typeof DRIFT_CAUSES)[number];

export type DriftDifference = {
  readonly what: "decision" | "trade";
  readonly cause: DriftCause;
  readonly seq: number;
  /** Null where there was none. */
  readonly recorded: string | null;
  readonly archived: string | null;
};

export type DriftCounts = {
  readonly compared: number;
  readonly differences: number;
  readonly causes: Record<DriftCause, number>;
};

export type Drift = {
  readonly decisions: DriftCounts;
  readonly trades: DriftCounts;
  /** After fees, of the trades that ended on the day. */
  readonly pnl: { readonly recorded: number; readonly archived: number };
  /** The first difference of each cause, for decisions and for trades. */
  readonly first: readonly DriftDifference[];
};

/** Both traces cover the same seqs; `archived` is in the archive's order. */
export function driftBetween(recorded: DayTrace, archived: DayTrace): Drift {
  const first: DriftDifference[] = [];
  const decisions = emptyCounts();
  const causes = new Map<number, DriftCause>();
  const order = inOrder(recorded, archived);
  for (const seq of order) {
    decisions.compared += 1;
    const was = recorded.decisions.get(seq);
    const is = archived.decisions.get(seq);
    if (was?.said === is?.said) continue;
    const other = () => isOther(recorded, archived, { seq });
    const cause = causeOf([was, is], other, causes.size > 0);
    causes.set(seq, cause);
    const said = { recorded: was?.said ?? null, archived: is?.said ?? null };
    note({ counts: decisions, first }, { what: "decision", cause, seq, ...said });
  }
  const trades = emptyCounts();
  for (const [id, was, is] of pairs(recorded, archived)) {
    trades.compared += 1;
    const said = { recorded: textOf(was), archived: textOf(is) };
    if (said.recorded === said.archived) continue;
    const seq = Math.min(was?.entrySeq ?? Infinity, is?.entrySeq ?? Infinity);
    const exitSeq = Math.max(was?.exitSeq ?? 0, is?.exitSeq ?? 0);
    const asset = (was ?? is)?.asset ?? "";
    const isBetween = (at: number) => decidedSeq(id, seq) <= at && at <= exitSeq;
    const isByInputs = () =>
      order.some((at) => isBetween(at) && isOther(recorded, archived, { seq: at, asset }));
    const cause = causeOfTrade(causes, [decidedSeq(id, seq), exitSeq], isByInputs);
    note({ counts: trades, first }, { what: "trade", cause, seq, ...said });
  }
  const pnl = { recorded: pnlOf(recorded), archived: pnlOf(archived) };
  return { decisions, trades, pnl, first };
}

/** `33 of 340 differ: late 2, knock_on 31`. */
export function countsText({ compared, differences, causes }: DriftCounts): string {
  const found = DRIFT_CAUSES.filter((cause) => 0 < causes[cause]);
  const each = found.map((cause) => `${cause} ${causes[cause]}`).join(", ");
  return `${differences} of ${compared} differ${each === "" ? "" : `: ${each}`}`;
}

type Counts = { compared: number; differences: number; causes: Record<DriftCause, number> };

function emptyCounts(): Counts {
  return {
    compared: 0,
    differences: 0,
    causes: { late: 0, gap: 0, latency: 0, feature: 0, knock_on: 0, unexplained: 0 },
  };
}

function note(
  { counts, first }: { readonly counts: Counts; readonly first: DriftDifference[] },
  difference: DriftDifference,
): void {
  const { cause } = difference;
  counts.differences += 1;
  counts.causes[cause] += 1;
  if (counts.causes[cause] === 1) first.push(difference);
}

/** The archive's order; scans that only the log has come before the next higher seq. */
function inOrder(recorded: DayTrace, archived: DayTrace): readonly number[] {
  const lacking = [...recorded.decisions.keys()]
    .filter((seq) => !archived.decisions.has(seq))
    .toSorted((one, other) => one - other);
  const order: number[] = [];
  let at = 0;
  for (const seq of archived.decisions.keys()) {
    while (at < lacking.length && lacking[at]! < seq) order.push(lacking[at++]!);
    order.push(seq);
  }
  return [...order, ...lacking.slice(at)];
}

/**
 * Whether the two runs knew different inputs at a decision; only the order book of `asset`, or else those that the
 * decision used, is compared.
 */
function isOther(
  recorded: DayTrace,
  archived: DayTrace,
  { seq, asset }: { readonly seq: number; readonly asset?: string },
): boolean {
  const was = recorded.decisions.get(seq);
  const is = archived.decisions.get(seq);
  if (was === undefined || is === undefined) return was !== is;
  if (was.inputs !== is.inputs) return true;
  const by = asset === undefined ? new Set([...was.assets, ...is.assets]) : new Set([asset]);
  const assets = by.size === 0 ? new Set([...recorded.books.keys(), ...archived.books.keys()]) : by;
  return [...assets].some(
    (one) => bookTimeAt(recorded.books, one, was.nth) !== bookTimeAt(archived.books, one, is.nth),
  );
}

/** A cause of this very scan takes precedence over the effect of an earlier one. */
function causeOf(
  [was, is]: readonly [TracedDecision | undefined, TracedDecision | undefined],
  other: () => boolean,
  hasDiverged: boolean,
): DriftCause {
  if (was === undefined || is === undefined) return "gap";
  if (was.handicap !== null) return was.handicap;
  if (was.isByAge || is.isByAge) return "latency";
  if (other()) return "feature";
  return hasDiverged ? "knock_on" : "unexplained";
}

/** The cause of the first differing decision while the trade was wanted or open, or of what filled it. */
function causeOfTrade(
  causes: ReadonlyMap<number, DriftCause>,
  [fromSeq, toSeq]: readonly [number, number],
  isByInputs: () => boolean,
): DriftCause {
  let hasDiverged = false;
  for (const [seq, cause] of causes) {
    if (fromSeq <= seq && seq <= toSeq) return cause;
    if (seq < fromSeq) hasDiverged = true;
  }
  if (isByInputs()) return "feature";
  return hasDiverged ? "knock_on" : "unexplained";
}

/** A position id contains the seq of the scan on which it was decided. */
function decidedSeq(positionId: string, entrySeq: number): number {
  return Number(/-s(\d+)-/.exec(positionId)?.[1] ?? entrySeq);
}

type Pair = readonly [string, Trade | undefined, Trade | undefined];

function pairs(recorded: DayTrace, archived: DayTrace): readonly Pair[] {
  const ids = new Set([...recorded.trades.keys(), ...archived.trades.keys()]);
  return [...ids].map((id) => [id, recorded.trades.get(id), archived.trades.get(id)]);
}

function textOf(trade: Trade | undefined): string | null {
  if (trade === undefined) return null;
  const { direction, quantity, asset, entrySeq, entryPrice, exitSeq, exitPrice } = trade;
  const { exitReason, pnl } = trade;
  return (
    `${direction} ${quantity} ${asset}, in at ${entryPrice} (seq ${entrySeq}), ` +
    `out at ${exitPrice} (seq ${exitSeq}, ${exitReason}), pnl ${pnl}`
  );
}

function pnlOf({ trades }: DayTrace): number {
  let sum = 0;
  for (const { pnl } of trades.values()) sum += pnl;
  return sum;
}
