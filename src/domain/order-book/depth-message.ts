/** A message of a venue's depth streams, as Binance USD-M has it: a whole book, or the changes of one. */
import type { Book } from "./book.ts";

export type DepthMessage = {
  symbol: string;
  /** `E`: when the venue sent it. */
  sentMs: number;
  /** `T`: when the book was so. */
  asOfMs: number;
  /** `U`, `u` and `pu`: its first and last change, and the last one of the message before it. */
  firstId: number;
  lastId: number;
  previousId: number;
  /** Of changes: levels as they came, and a size of 0 takes a level away. */
  readonly book: Book;
};
