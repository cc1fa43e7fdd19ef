/**
 * The recorded order books of a strategy that declares some, for a run over the archive: at each scan the newest one of
 * each asset that was published by then, and never a later one.
 */
import { createHash } from "node:crypto";
import type { RecordedBook } from "../../../domain/backtest/backtest-run.ts";
import { booksSoFar } from "../../../domain/backtest/books-so-far.ts";
import {
  createResultHash,
  hashNumber,
  hashText,
  hexOf,
  type ResultHash,
} from "../../../domain/backtest/result-hash.ts";
import type { PublishedBook } from "../../../domain/order-book/book.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../../domain/time.ts";
import {
  assetOfInput,
  declaredBooks,
  EACH_BOOK,
  levelsOf,
} from "../../../domain/trading/market/asset-book.ts";
import { bookDays, readPublishedBooks } from "../../../adapters/order-book/book-archive.ts";
import { knownBeforeMs } from "./known-before.ts";

type BooksRange = {
  /** First day folder; null: no limit. */
  readonly from: string | null;
  /** The folder of the recordings; absent: none. */
  readonly books?: string | null;
  /** The strategy's inputs. */
  readonly inputs?: readonly string[];
  /** Age budgets; left out: nothing from before the range is given. */
  readonly budgetsMs?: Readonly<Record<string, number>>;
};

/** Over the books delivered so far; it continues with a resumed run. */
export type BooksHash = ResultHash & { count: number };

export type RecordedBooks = {
  /** `timesMs`: the times of the scans, ascending, also from call to call. */
  readonly until: (timesMs: Float64Array, count: number) => readonly RecordedBook[];
  /** The data's hash extended by the delivered books; unchanged where there were none. */
  readonly hashedInto: (dataHash: string) => string;
  /** By declared input, the UTC days without recordings. */
  readonly daysWithout: (range: {
    readonly fromMs: number;
    readonly toMs: number;
  }) => ReadonlyMap<string, readonly string[]>;
};

const FOR_EVER_MS = 8_640_000_000_000;
const NOTHING: readonly RecordedBook[] = [];
const NOTHING_DECLARED: RecordedBooks = {
  until: () => NOTHING,
  hashedInto: (dataHash) => dataHash,
  daysWithout: () => new Map(),
};

export function createBooksHash(): BooksHash {
  return { ...createResultHash(), count: 0 };
}

/** `hash` and `givenToMs`: of a resumed run, which must not get the same books again. */
export function openRecordedBooks(
  { from, books: folder = null, inputs = [], budgetsMs = {} }: BooksRange,
  hash: BooksHash,
  givenToMs: number,
): RecordedBooks {
  const declared = declaredBooks(inputs);
  if (declared === null) return NOTHING_DECLARED;
  const beforeMs = knownBeforeMs(budgetsMs, inputs);
  const fromMs = from === null ? 0 : Date.parse(`${from}T00:00:00Z`) - beforeMs;
  const recorded =
    folder === null
      ? []
      : readPublishedBooks(folder, null, {
          fromMs: Math.max(fromMs, givenToMs),
          toMs: FOR_EVER_MS,
        });
  const wanted = Iterator.from(recorded).filter(
    ({ asset, knownMs }) => givenToMs < knownMs && (declared === "each" || declared.has(asset)),
  );
  const newestBy = booksSoFar(wanted, ({ knownMs }) => knownMs);
  return {
    until(timesMs, count) {
      const given: RecordedBook[] = [];
      for (let row = 0; row < count; row += 1) {
        for (const known of newestBy(timesMs[row]!)) {
          const book = recordedBook(known);
          addTo(hash, book);
          given.push(book);
        }
      }
      return given;
    },
    hashedInto(dataHash) {
      if (hash.count === 0) return dataHash;
      return createHash("sha256").update(dataHash).update(hexOf(hash)).digest("hex");
    },
    daysWithout: (range) =>
      new Map(
        inputs
          .filter((input) => input === EACH_BOOK || assetOfInput(input) !== null)
          .map((input) => [input, lackingDays(folder, assetOfInput(input), range)]),
      ),
  };
}

export function recordedBook({ asset, asOfMs, knownMs, book }: PublishedBook): RecordedBook {
  const levels = { bids: levelsOf(book.bids), asks: levelsOf(book.asks) };
  return { asset, asOfMs, knownMs, ...levels };
}

function addTo(hash: BooksHash, { asset, asOfMs, knownMs, bids, asks }: RecordedBook): void {
  hash.count += 1;
  hashText(hash, asset);
  for (const value of [asOfMs, knownMs, bids.length, ...bids, ...asks]) hashNumber(hash, value);
}

function lackingDays(
  folder: string | null,
  asset: string | null,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly string[] {
  const recorded = new Set(folder === null ? [] : bookDays(folder));
  const lacking: string[] = [];
  for (let at = Math.floor(fromMs / MS_PER_DAY); at * MS_PER_DAY <= toMs; at += 1) {
    const day = dayFromMicros(at * MS_PER_DAY * US_PER_MS);
    const period = { fromMs: at * MS_PER_DAY, toMs: (at + 1) * MS_PER_DAY };
    const isThere =
      folder !== null &&
      recorded.has(day) &&
      hasAny(asset, readPublishedBooks(folder, asset, period));
    if (!isThere) lacking.push(day);
  }
  return lacking;
}

/** A folder that is there says enough where any asset will do. */
function hasAny(asset: string | null, books: Iterable<PublishedBook>): boolean {
  if (asset === null) return true;
  return books[Symbol.iterator]().next().done !== true;
}
