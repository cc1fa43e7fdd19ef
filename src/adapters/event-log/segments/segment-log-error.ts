/** The errors of a trading journal, by what the operator does about them. */

/**
 * LOCKED: another process writes this book. DAMAGED: bytes were changed; the text says what to do. VERSION: another
 * format. UNAVAILABLE: disk full or an I/O error. GONE: older than the retention. FENCED: another host has taken the
 * book over. INDEX: the caller's index does not follow the last one.
 */
export type SegmentLogErrorCode =
  | "TRADING_JOURNAL_LOCKED"
  | "TRADING_JOURNAL_DAMAGED"
  | "TRADING_JOURNAL_VERSION"
  | "TRADING_JOURNAL_UNAVAILABLE"
  | "TRADING_JOURNAL_GONE"
  | "TRADING_JOURNAL_FENCED"
  | "TRADING_JOURNAL_INDEX";

export class SegmentLogError extends Error {
  override readonly name = "SegmentLogError";
  readonly code: SegmentLogErrorCode;
  constructor(code: SegmentLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
