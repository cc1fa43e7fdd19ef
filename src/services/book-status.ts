/** What a book answers when it is asked how it stands. */
import { type PublishedState, publishedOf } from "../domain/trading/published.ts";
import { entryBarrier } from "../domain/trading/risk/entry-gate.ts";
import { postureNow } from "../domain/trading/risk/input-ages.ts";
import type { Trader } from "../domain/trading/trader.ts";
import type { TraderStatus } from "../wire/trading/trader-control.ts";

export function statusOf(trader: Trader): TraderStatus {
  const state = publishedOf(trader);
  return {
    book: state.book,
    state: standingOf(trader),
    strategy: state.strategy,
    cash: state.capital,
    equity: state.equity,
    positions: state.positions.map((position) => ({
      id: position.id,
      asset: position.asset,
      direction: position.direction,
      quantity: position.quantity,
      entry_price: position.entryPrice,
      mark: position.mark,
      unrealized: position.unrealized,
    })),
    orders_working: [...state.ordersWorking],
    last_seq: state.lastSeq,
    last_index: trader.nextIndex - 1,
    warm: state.warm,
    halted: state.halted,
    latched: [...state.latched],
    posture: state.posture,
    trades: state.tradesExecuted,
  };
}

/** One short phrase for operators: what keeps the book from entering, if anything does. */
export function standingOf(trader: Trader): string {
  const barrier = entryBarrier(trader, 0)?.reason;
  if (barrier === "halted") return "halted";
  if (barrier === "latched") return `latched: ${trader.data.risk.latched.join(" ")}`;
  if (barrier === "posture_old") return `no entries: posture ${postureNow(trader)} is old`;
  if (barrier === "posture_unknown" || barrier === "posture_hibernate") {
    return `no entries: posture ${postureNow(trader)}`;
  }
  // Whether an input is old is judged at each entry, and told with its refusal.
  return trader.strategy.isWarm() ? "running" : "warming";
}

/** The figures that every book's beats begin with. */
export function countersOf(state: PublishedState, lastIndex: number) {
  return {
    book: state.book,
    last_seq: state.lastSeq,
    last_scan_number: state.lastScanNumber,
    last_index: lastIndex,
    warm: state.warm ? "yes" : "no",
    posture: state.posture,
    positions: state.positions.length,
    trades: state.tradesExecuted,
    equity: state.equity,
    cash: state.capital,
    realized_today: state.day.realized,
    decisions: state.scansProcessed,
  };
}
