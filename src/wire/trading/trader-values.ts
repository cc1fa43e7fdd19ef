/** The JSON texts of a trader in Hazelcast: its state, and the figures of a day. */
import type { DayEntry } from "../../domain/trading/commands.ts";
import type { PublishedPosition, PublishedState } from "../../domain/trading/published.ts";
import { isoFromMs } from "../../domain/time.ts";

export const STATE_KEY = "latest_nautilus";

export function stateMapOf(book: string): string {
  return `DOLPHIN_STATE_${book}`;
}

export function pnlMapOf(book: string): string {
  return `DOLPHIN_PNL_${book}`;
}

export function encodeState(state: PublishedState, nowMs: number): string {
  const { last_vel_div = null, vol_ok = null, ...readings } = state.readings;
  return JSON.stringify({
    book: state.book,
    strategy: state.strategy,
    capital: state.capital,
    equity: state.equity,
    open_positions: state.positions.map(positionOf),
    orders_working: state.ordersWorking,
    last_scan_number: state.lastScanNumber,
    last_seq: state.lastSeq,
    last_vel_div,
    vol_ok,
    readings,
    posture: state.posture,
    warm: state.warm,
    halted: state.halted,
    latched: state.latched,
    margin_ratio: finiteOf(state.marginRatio),
    liquidations: state.liquidations,
    scans_processed: state.scansProcessed,
    trades_executed: state.tradesExecuted,
    refusals: state.refusals,
    bar_idx: state.barIndex,
    timestamp: isoOf(state.lastScanAsOfMs),
    updated_at: isoOf(nowMs),
  });
}

function positionOf(position: PublishedPosition) {
  return {
    id: position.id,
    asset: position.asset,
    direction: position.direction,
    quantity: position.quantity,
    entry_price: position.entryPrice,
    mark: position.mark,
    marked_at: isoOf(position.markedAtMs),
    no_price_since: position.noPriceSinceMs === null ? null : isoOf(position.noPriceSinceMs),
    liquidation_price: position.liquidationPrice ?? null,
    unrealized_pnl: position.unrealized,
    opened_at: isoOf(position.openedAtMs),
    held_scans: position.heldScans,
    take_profit: position.takeProfit,
    stop_loss: position.stopLoss,
    bucket: position.bucket,
  };
}

/** The figures of the current day so far. */
export function encodeRunningDay({ day, capital }: PublishedState, nowMs: number): string {
  return encodeDay({ ...day, capitalEnd: capital }, nowMs);
}

export function encodeDay(entry: DayEntry, nowMs: number): string {
  return JSON.stringify({
    date: entry.day,
    capital_start: entry.capitalStart,
    capital_end: entry.capitalEnd,
    realized_pnl: entry.realized,
    unrealized_pnl: entry.unrealized,
    fees: entry.fees,
    trades: entry.trades,
    wins: entry.wins,
    losses: entry.losses,
    max_drawdown: entry.maxDrawdown,
    updated_at: isoOf(nowMs),
  });
}

/** The ratio is undefined for an equity of zero. */
function finiteOf(ratio: number | null): number | null {
  return ratio !== null && Number.isFinite(ratio) ? ratio : null;
}

/** Null before there was any. */
function isoOf(ms: number): string | null {
  return Number.isFinite(ms) ? isoFromMs(ms) : null;
}
