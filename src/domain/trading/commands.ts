/**
 * All commands of a trader to its shell: orders, ledger entries, notes. They follow from the events alone, so a
 * restart recomputes them by folding the log.
 */
import type { Fill, Order, Side, Trade } from "./orders.ts";

/** One fill in the ledger, with its effect on the cash. */
export type FillEntry = {
  readonly clientOrderId: string;
  readonly positionId: string;
  readonly asset: string;
  readonly side: Side;
  readonly purpose: "entry" | "exit";
  readonly fill: Fill;
  /** Profit or loss realized by the fill, before its fee. */
  readonly realized: number;
  readonly cashAfter: number;
  readonly seq: number;
  readonly atMs: number;
};

/** A UTC day of one book; the shell adds the name of the book. */
export type DayEntry = {
  readonly day: string;
  readonly capitalStart: number;
  readonly capitalEnd: number;
  readonly realized: number;
  readonly unrealized: number;
  readonly fees: number;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** Largest drawdown from the day's peak equity, as a share of that peak. */
  readonly maxDrawdown: number;
};

export type NoteCode =
  | "started"
  | "universe_changed"
  | "scan_lost"
  | "limit_latched"
  | "mark_old"
  | "scans_off"
  | "written_off"
  | "liquidated"
  | "bankrupt"
  | "funding_settled"
  | "borrow_charged"
  | "asset_returned"
  | "posture_missing"
  | "order_rejected"
  | "order_cancelled"
  | "entries_withdrawn"
  | "order_unknown"
  | "order_unfamiliar"
  | "fill_repeated"
  | "fill_excess"
  | "operator_done"
  | "operator_refused"
  | "operator_repeated";

export type TraderNote = {
  readonly code: NoteCode;
  readonly severity: "info" | "alert";
  /** The subject of the note: an asset, an order, a limit. */
  readonly subject: string;
  readonly detail: string;
};

export type TraderCommand =
  | { readonly kind: "submit_order"; readonly order: Order }
  | { readonly kind: "cancel_order"; readonly clientOrderId: string }
  | { readonly kind: "book_fill"; readonly entry: FillEntry }
  | { readonly kind: "book_trade"; readonly trade: Trade }
  | { readonly kind: "book_day"; readonly entry: DayEntry }
  | { readonly kind: "note"; readonly note: TraderNote };
