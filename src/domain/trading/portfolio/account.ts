/**
 * Cash, positions and their value. Invariant: cash = capital + realized profit - fees, and a position's quantity is
 * the sum of its entry fills minus the sum of its exit fills.
 */
import { assert } from "../../assert.ts";
import type { FillEntry } from "../commands.ts";
import type { Fill } from "../orders.ts";
import { steadyOffsetMs } from "../market/scan-clock.ts";
import { chargeBorrow } from "./carry.ts";
import { emit, emitNote, type Position, type Trader, type WorkingOrder } from "../state.ts";
import { valueAccount } from "./worth.ts";

/** A smaller share of the entry quantity is a rounding error, not a position. */
const REST_SHARE_MAX = 1e-12;
const MARK_OLD_AFTER_MS = 60_000;

/** Takes the present prices as marks; an asset without a price keeps its last mark and that mark's time. */
export function markPositions(trader: Trader): void {
  const { data, windows } = trader;
  const { positions } = data;
  for (let at = 0; at < positions.length; at += 1) {
    const position = positions[at]!;
    const price = windows.at(position.column);
    if (!(price > 0)) continue;
    position.mark = price;
    position.markedAtMs = markTimeOf(trader);
    if (data.nowMs - position.markedAtMs <= MARK_OLD_AFTER_MS) position.isMarkAlerted = false;
    const gain = gainOf(position, price);
    if (gain < position.worst) position.worst = gain;
    if (position.best < gain) position.best = gain;
  }
  valueAccount(trader);
}

/** A price is as old as its scan: a replayed scan of an hour ago does not make a mark fresh. */
function markTimeOf(trader: Trader): number {
  const { nowMs, scans } = trader.data;
  return Math.min(nowMs, scans.lastAsOfMs + steadyOffsetMs(trader));
}

/** As a share of the entry price, in the position's favour when positive. */
export function gainOf(position: Position, price: number): number {
  return position.sign === 1
    ? (price - position.entryPrice) / position.entryPrice
    : (position.entryPrice - price) / position.entryPrice;
}

export function alertOldMarks(trader: Trader): void {
  const { data } = trader;
  for (const position of data.positions) {
    const ageMs = data.nowMs - position.markedAtMs;
    if (ageMs <= MARK_OLD_AFTER_MS || position.isMarkAlerted) continue;
    position.isMarkAlerted = true;
    emitNote(trader, "mark_old", {
      severity: "alert",
      subject: position.asset,
      detail: `the mark of ${position.asset} is ${Math.round(ageMs / 1000)} s old${noExit(trader, position)}`,
    });
  }
}

/** A late price still counts where the common offset of scans is known. */
function noExit({ configuration, windows }: Trader, { column }: Position): string {
  const isJudged = configuration.scanOffsetMaxMs !== undefined && windows.at(column) > 0;
  return isJudged ? "" : ": the position is not exited at it";
}

/** Books a fill, and the trade when it was the last fill of its position. */
export function bookFill(trader: Trader, working: WorkingOrder, fill: Fill): void {
  const { order } = working;
  const position =
    order.purpose === "entry" ? entryPosition(trader, working) : exitPosition(trader, working);
  working.filled += fill.quantity;
  working.fillCount = fill.number;
  applyFill(trader, position, { ...order, fill });
}

type FillOf = Pick<FillEntry, "clientOrderId" | "asset" | "side" | "purpose" | "fill">;

/** Also for fills without an order: `clientOrderId` then only identifies the ledger entry. */
export function applyFill(trader: Trader, position: Position, of: FillOf): void {
  const { account, day, scans, nowMs } = trader.data;
  const { clientOrderId, asset, side, purpose, fill } = of;
  chargeBorrow(trader, position, nowMs);
  const realized = purpose === "entry" ? grow(position, fill) : shrink(position, fill);
  position.fees += fill.fee;
  position.realized += realized;
  account.cash += realized - fill.fee;
  account.realized += realized;
  account.fees += fill.fee;
  day.realized += realized;
  day.fees += fill.fee;
  emit(trader, {
    kind: "book_fill",
    entry: {
      clientOrderId,
      positionId: position.id,
      asset,
      side,
      purpose,
      fill,
      realized,
      cashAfter: account.cash,
      seq: scans.lastSeq,
      atMs: nowMs,
    },
  });
  if (position.quantity <= position.entryQuantity * REST_SHARE_MAX) closePosition(trader, position);
  valueAccount(trader);
}

function grow(position: Position, fill: Fill): number {
  position.quantity += fill.quantity;
  position.entryQuantity += fill.quantity;
  position.entryNotional += fill.quantity * fill.price;
  // The first price is taken as it is: dividing a product would lose its last bit.
  position.entryPrice =
    position.entryQuantity === fill.quantity
      ? fill.price
      : position.entryNotional / position.entryQuantity;
  return 0;
}

function shrink(position: Position, fill: Fill): number {
  position.quantity -= fill.quantity;
  position.exitQuantity += fill.quantity;
  position.exitNotional += fill.quantity * fill.price;
  return position.sign === 1
    ? (fill.price - position.entryPrice) * fill.quantity
    : (position.entryPrice - fill.price) * fill.quantity;
}

function exitPosition(trader: Trader, { order }: WorkingOrder): Position {
  const found = trader.data.positions.find((position) => position.id === order.positionId);
  assert(found !== undefined, "a fill of an exit finds its position");
  return found;
}

function entryPosition(trader: Trader, working: WorkingOrder): Position {
  const { data, windows } = trader;
  const { order } = working;
  const found = data.positions.find((position) => position.id === order.positionId);
  if (found !== undefined) return found;
  const column = windows.columnOf(order.asset);
  const hasPrice = windows.at(column) > 0;
  const position: Position = {
    id: order.positionId,
    asset: order.asset,
    direction: working.direction,
    sign: working.direction === "long" ? 1 : -1,
    openedSeq: data.scans.lastSeq,
    openedAtMs: data.nowMs,
    openedBar: data.scans.barIndex,
    plan: working.plan,
    signal: working.signal,
    posture: working.posture,
    ages: order.ages,
    column,
    quantity: 0,
    entryQuantity: 0,
    entryNotional: 0,
    entryPrice: 0,
    exitQuantity: 0,
    exitNotional: 0,
    realized: 0,
    fees: 0,
    mark: hasPrice ? windows.at(column) : order.referencePrice,
    markedAtMs: hasPrice ? markTimeOf(trader) : order.decidedAtMs,
    isMarkAlerted: false,
    worst: 0,
    best: 0,
    // The rest of an entry that was being cancelled was filled too late and is no longer wanted.
    exitWanted: working.isCancelling ? "flatten" : null,
    exitOrderId: "",
  };
  data.positions.push(position);
  return position;
}

function closePosition(trader: Trader, position: Position): void {
  const { data } = trader;
  const { account, day, scans } = data;
  data.positions = data.positions.filter((other) => other !== position);
  const pnl = position.realized - position.fees;
  account.trades += 1;
  day.trades += 1;
  if (pnl > 0) day.wins += 1;
  else day.losses += 1;
  emit(trader, {
    kind: "book_trade",
    trade: {
      positionId: position.id,
      asset: position.asset,
      direction: position.direction,
      quantity: position.entryQuantity,
      entryPrice: position.entryPrice,
      exitPrice: position.exitNotional / position.exitQuantity,
      entrySeq: position.openedSeq,
      exitSeq: scans.lastSeq,
      enteredAtMs: position.openedAtMs,
      exitedAtMs: data.nowMs,
      heldScans: scans.barIndex - position.openedBar,
      exitReason: position.exitWanted ?? "strategy",
      pnl,
      fees: position.fees,
      maxAdverse: position.worst,
      maxFavourable: position.best,
      signal: position.signal,
      posture: position.posture,
      ages: position.ages,
      plan: position.plan,
      ...(position.funding === undefined ? {} : { funding: position.funding }),
      ...(position.borrowCost === undefined ? {} : { borrowCost: position.borrowCost }),
    },
  });
}
