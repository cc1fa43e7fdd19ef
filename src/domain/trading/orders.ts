/** What is asked of a broker, what comes back, and what a finished trade leaves in the ledger. */
import type { Instrument } from "./market/instrument.ts";
import type { Posture } from "./posture.ts";

export type Direction = "long" | "short";
export type Side = "buy" | "sell";

export type ExitReason =
  | "take_profit"
  | "stop_loss"
  | "max_hold"
  | "strategy"
  | "posture_hibernate"
  | "posture_missing"
  | "flatten"
  /** Written off: scans came without a price of the asset for too long. */
  | "delisted"
  /** Closed by the venue: its margin was used up. */
  | "liquidated"
  /** Closed in the book by an operator, at the price that the operator gave. */
  | "operator";

/** Where an input stood when an order was decided. Infinity (never received) only in exits. */
export type InputAge = { readonly input: string; readonly ageMs: number };

/** A market order. Its id follows from the decision, so that a restart asks again under the same id. */
export type Order = {
  readonly clientOrderId: string;
  readonly asset: string;
  readonly side: Side;
  readonly quantity: number;
  readonly purpose: "entry" | "exit";
  /** The id of the position that it opens or reduces. */
  readonly positionId: string;
  /** The scan that it was decided on; 0 for an operator's before any scan. */
  readonly decidedSeq: number;
  readonly decidedAtMs: number;
  /** The asset's last price at the decision, before slippage. */
  readonly referencePrice: number;
  readonly reason: string;
  /** The age of every declared input. */
  readonly ages: readonly InputAge[];
  /** What the market rounds to; left out where nothing is rounded. */
  readonly instrument?: Instrument;
};

export type Fill = {
  /** Counts 1, 2, ... within the order, so that a report that comes twice is booked once. */
  readonly number: number;
  readonly quantity: number;
  readonly price: number;
  /** In quote currency. */
  readonly fee: number;
};

/** Where to leave, as shares of the entry price; frozen at entry. */
export type ExitPlan = {
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
  /** How lively the asset was at entry, for reports. */
  readonly bucket: string;
};

/** A position from its first fill to its last. */
export type Trade = {
  readonly positionId: string;
  readonly asset: string;
  readonly direction: Direction;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly entrySeq: number;
  readonly exitSeq: number;
  readonly enteredAtMs: number;
  readonly exitedAtMs: number;
  readonly heldScans: number;
  readonly exitReason: ExitReason;
  /** After fees. */
  readonly pnl: number;
  readonly fees: number;
  /** Worst and best mark while open, as shares of the entry price. */
  readonly maxAdverse: number;
  readonly maxFavourable: number;
  readonly signal: number;
  readonly posture: Posture;
  readonly ages: readonly InputAge[];
  readonly plan: ExitPlan;
  /** Received from other positions' holders, below zero paid to them; part of the pnl. Left out for none. */
  readonly funding?: number;
  /** Interest of what was borrowed, part of the fees; left out for none. */
  readonly borrowCost?: number;
};
