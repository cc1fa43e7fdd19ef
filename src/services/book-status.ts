/** What a book answers when it is asked how it stands. */
import { publishedOf } from "../domain/trading/published.ts";
import type { Trader } from "../domain/trading/trader.ts";
import type { TraderStatus } from "../wire/trading/trader-control.ts";

export function statusOf(trader: Trader): TraderStatus {
  const state = publishedOf(trader);
  return {
    book: state.book,
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
