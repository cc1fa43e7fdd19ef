/** The messages to a day's session of a book, and its answers. */

export type SessionPosition = {
  readonly id: string;
  readonly asset: string;
  readonly direction: "long" | "short";
  readonly quantity: number;
  readonly entry_price: number;
  readonly mark: number;
  readonly unrealized: number;
  /** Null while the newest scan has a price for the asset; older traders do not send it. */
  readonly no_price_since?: string | null;
};

/** The book as its trader described it, at the time of the message that brought it. */
export type BookReport = {
  readonly as_of: string;
  /** The last event of the log. Absent from an older release. */
  readonly last_index?: number;
  readonly cash: number;
  readonly equity: number;
  readonly halted: boolean;
  readonly latched: readonly string[];
  readonly posture: string;
  readonly positions: readonly SessionPosition[];
};

/** What a session counts and shows of a finished trade; later releases may add fields. */
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

/** All trades of the day that the journal's events `from` to `to` booked. */
export type TradesRange = {
  readonly from: number;
  readonly to: number;
  readonly trades: readonly { readonly index: number; readonly trade: SessionTrade }[];
  readonly view: BookReport | null;
};

export type SessionWord = "open" | "unsettled" | "settled";

export type SessionPnl = {
  readonly book: string;
  readonly day: string;
  readonly status: SessionWord;
  /** Why the day is not settled yet; else empty. */
  readonly reason: string;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly pnl: number;
  readonly fees: number;
  /** The last event of the journal whose trades are counted; null before the first message. */
  readonly cursor: number | null;
  /** Ranges of events that never arrived: their trades are missing from these figures. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /**
   * The log ended with event `to` when trades up to event `from` were counted: the data directory is older than Temporal. What was traded
   * between them in either life of the log may be counted once, twice or not. Absent: it did not happen.
   */
  readonly went_back?: { readonly from: number; readonly to: number };
  /** Trades of the day that were in the outbox when it was last read; null before that. */
  readonly pending: number | null;
  /** Messages without new content, or unreadable. */
  readonly ignored: number;
};

export type SessionPositions = {
  readonly book: string;
  readonly day: string;
  /** Null before the first message of the trader. */
  readonly view: BookReport | null;
};

/** The result of an operator's command. */
export type SessionAnswer = {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly view: BookReport | null;
};

/** What is in a book's outbox beyond a cursor. */
export type OutboxObservation = {
  /** Trades of the day that the session never received. */
  readonly pending: number;
  /** The index of the trader's newest event. */
  readonly last_index: number;
  readonly is_day_over: boolean;
};
