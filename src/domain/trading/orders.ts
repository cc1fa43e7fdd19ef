/** Orders to a broker, its fills, and the record of a finished trade. */
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
  /** Written off: there was no price of the asset for too long. */
  | "delisted"
  /** Closed by the venue: its margin was used up. */
  | "liquidated"
  /** Closed by an operator in the book alone, at a given price. */
  | "operator";

/** The age of an input when an order was decided. Infinity (never received) occurs only in exits. */
export type InputAge = { readonly input: string; readonly ageMs: number };

/** A market order. Its id is derived from the decision, so that a restart asks again under the same id. */
export type Order = {
  readonly clientOrderId: string;
  readonly asset: string;
  readonly side: Side;
  readonly quantity: number;
  readonly purpose: "entry" | "exit";
  /** The id of the position that it opens or reduces. */
  readonly positionId: string;
  /** The seq of the scan on which it was decided; 0 for an operator's order before any scan. */
  readonly decidedSeq: number;
  readonly decidedAtMs: number;
  /** The asset's last price at the decision, before slippage. */
  readonly referencePrice: number;
  readonly reason: string;
  /** The age of every declared input. */
  readonly ages: readonly InputAge[];
  /** The market's rounding; absent where nothing is rounded. */
  readonly instrument?: Instrument;
};

export type Fill = {
  /** Counts 1, 2, ... within the order, so that a repeated report is booked once. */
  readonly number: number;
  readonly quantity: number;
  readonly price: number;
  /** In quote currency. */
  readonly fee: number;
};

/** Exit levels as shares of the entry price; fixed at entry. */
export type ExitPlan = {
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
  /** The asset's volatility class at entry, for reports. */
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
  /** Funding received (negative: paid), part of the pnl. Absent for none. */
  readonly funding?: number;
  /** Interest on what was borrowed, part of the fees; absent for none. */
  readonly borrowCost?: number;
};
