/** Order books as they are recorded, without the service that records them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KnownBook } from "../../../src/domain/order-book/book.ts";
import { bookOf } from "../../../src/domain/trading/market/asset-book.ts";
import { createSegmentEncoder } from "../../../src/wire/order-book/recorded-books.ts";

export type Levels = { readonly bids: readonly number[]; readonly asks: readonly number[] };

export function knownBook(
  asset: string,
  receivedMs: number,
  levels: Levels,
  asOfMs = receivedMs - 20,
): KnownBook {
  return { asset, asOfMs, receivedMs, book: bookOf({ asOfMs, ...levels }) };
}

/** A segment a day. */
export function putBooks(folder: string, books: readonly KnownBook[]): void {
  const byDay = Map.groupBy(books, ({ receivedMs }) =>
    new Date(receivedMs).toISOString().slice(0, 10),
  );
  for (const [day, of] of byDay) {
    mkdirSync(join(folder, day), { recursive: true });
    writeFileSync(join(folder, day, "000000-1.arrow"), createSegmentEncoder("test").encode(of));
  }
}
