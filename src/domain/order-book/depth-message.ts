/** A message of a venue's depth streams, as Binance USD-M defines it: a whole book, or changes of one. */
import type { Book } from "./book.ts";

export type DepthMessage = {
  symbol: string;
  /** `E`: when the venue sent it. */
  sentMs: number;
  /** `T`: the time of the book. */
  asOfMs: number;
  /** `U`, `u` and `pu`: its first and last update id, and the last one of the previous message. */
  firstId: number;
  lastId: number;
  previousId: number;
  /** In a message of changes: levels as received; a size of 0 removes a level. */
  readonly book: Book;
};
