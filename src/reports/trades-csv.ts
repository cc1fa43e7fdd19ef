/** Trades as CSV: one line per trade, with its signal, posture and the age of every declared input. */
import type { Trade } from "../domain/trading/orders.ts";
import { isoFromMicros, US_PER_MS } from "../domain/time.ts";

type Cell = string | number;

/** `inputs`: those that the strategy declares, in its order. */
export function tradesHeader(inputs: readonly string[]): string {
  const names = [
    "position_id",
    "asset",
    "direction",
    "quantity",
    "entry_price",
    "exit_price",
    "entry_seq",
    "exit_seq",
    "entered_at",
    "exited_at",
    "held_scans",
    "exit_reason",
    "pnl",
    "fees",
    "max_adverse",
    "max_favourable",
    "signal",
    "posture",
    "take_profit",
    "stop_loss",
    "hold_scans_max",
    "bucket",
    "funding",
    "borrow_cost",
    ...inputs.map((input) => `age_ms_${input}`),
  ];
  return lineOf(names);
}

export function tradeLine(trade: Trade, inputs: readonly string[]): string {
  const { plan, ages } = trade;
  return lineOf([
    trade.positionId,
    trade.asset,
    trade.direction,
    trade.quantity,
    trade.entryPrice,
    trade.exitPrice,
    trade.entrySeq,
    trade.exitSeq,
    isoFromMicros(trade.enteredAtMs * US_PER_MS),
    isoFromMicros(trade.exitedAtMs * US_PER_MS),
    trade.heldScans,
    trade.exitReason,
    trade.pnl,
    trade.fees,
    trade.maxAdverse,
    trade.maxFavourable,
    trade.signal,
    trade.posture,
    plan.takeProfit,
    plan.stopLoss,
    plan.holdScansMax,
    plan.bucket,
    trade.funding ?? 0,
    trade.borrowCost ?? 0,
    ...inputs.map((input) => ages.find((age) => age.input === input)?.ageMs ?? ""),
  ]);
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(",")}\n`;
}

function quoted(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
