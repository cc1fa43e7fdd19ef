/** What a day's session of a book is sent, and what it answers. */

export type SessionPosition = {
  readonly id: string;
  readonly asset: string;
  readonly direction: "long" | "short";
  readonly quantity: number;
  readonly entry_price: number;
  readonly mark: number;
  readonly unrealized: number;
  /** Null while the newest scan has a price for the asset; older traders do not tell it. */
  readonly no_price_since?: string | null;
};

/** The book as its trader described it; as old as the message that brought it. */
export type BookView = {
  readonly as_of: string;
  readonly cash: number;
  readonly equity: number;
  readonly halted: boolean;
  readonly latched: readonly string[];
  readonly posture: string;
  readonly positions: readonly SessionPosition[];
};

/** What a session counts and shows of a finished trade; more fields may follow. */
export type SessionTrade = {
  readonly positionId: string;
  readonly asset: string;
  readonly direction: string;
  readonly exitReason: string;
  readonly exitedAtMs: number;
  /** After fees. */
  readonly pnl: number;
  readonly fees: number;
};

export const SESSION_TRADES_MAX = 100;

/** These are all trades of the day that events `from` to `to` of the journal booked. */
export type TradesRange = {
  readonly from: number;
  readonly to: number;
  readonly trades: readonly { readonly index: number; readonly trade: SessionTrade }[];
  readonly view: BookView | null;
};

export type SessionWord = "open" | "unsettled" | "settled";

export type SessionPnl = {
  readonly book: string;
  readonly day: string;
  readonly status: SessionWord;
  /** Why it is not settled yet; else empty. */
  readonly reason: string;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly pnl: number;
  readonly fees: number;
  /** The last event of the journal whose trades are counted; null before the first message. */
  readonly cursor: number | null;
  /** Ranges that never came: their trades are not in these figures. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /** Trades of the day in the outbox at the last look; null before one. */
  readonly pending: number | null;
  /** Messages that held nothing new, or could not be read. */
  readonly ignored: number;
};

export type SessionPositions = {
  readonly book: string;
  readonly day: string;
  /** Null before the trader was heard of. */
  readonly view: BookView | null;
};

/** How an operator's command went. */
export type CommandAnswer = {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly view: BookView | null;
};

/** What stands in a book's outbox beyond a cursor. */
export type OutboxLook = {
  /** Trades of the day that never reached the session. */
  readonly pending: number;
  /** The index of the trader's newest event. */
  readonly last_index: number;
  readonly is_day_over: boolean;
};
