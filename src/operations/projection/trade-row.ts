/** A closed trade as whoever asks a projection wants it, by the names of its columns. */
export type TradeRow = {
  readonly position_id: string;
  readonly asset: string;
  readonly direction: string;
  readonly quantity: number;
  readonly entry_price: number;
  readonly exit_price: number;
  readonly entry_seq: number;
  readonly exit_seq: number;
  readonly entered_at_ms: number;
  readonly exited_at_ms: number;
  readonly held_scans: number;
  readonly exit_reason: string;
  readonly pnl: number;
  readonly fees: number;
};

export const TRADE_COLUMNS = `position_id, asset, direction, quantity, entry_price, exit_price, entry_seq, exit_seq,
  entered_at_ms, exited_at_ms, held_scans, exit_reason, pnl, fees`;
