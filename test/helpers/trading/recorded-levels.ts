/** Recorded order books, written without the service that normally records them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedBook } from "../../../src/domain/order-book/book.ts";
import { bookOf } from "../../../src/domain/trading/market/asset-book.ts";
import { createSegmentEncoder } from "../../../src/wire/order-book/recorded-books.ts";

export type Levels = { readonly bids: readonly number[]; readonly asks: readonly number[] };

export function knownBook(
  asset: string,
  knownMs: number,
  levels: Levels,
  asOfMs = knownMs - 20,
): PublishedBook {
  return { asset, asOfMs, receivedMs: knownMs - 10, knownMs, book: bookOf({ asOfMs, ...levels }) };
}

/** A segment a day. */
export function putBooks(folder: string, books: readonly PublishedBook[]): void {
  const byDay = Map.groupBy(books, ({ knownMs }) => new Date(knownMs).toISOString().slice(0, 10));
  for (const [day, of] of byDay) {
    mkdirSync(join(folder, day), { recursive: true });
    writeFileSync(join(folder, day, "000000-1.arrow"), createSegmentEncoder("test").encode(of));
  }
}
