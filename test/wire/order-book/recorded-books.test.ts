import { tableFromIPC, tableToIPC } from "apache-arrow";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Book, PublishedBook } from "../../../src/domain/order-book/book.ts";
import { bookFeatures } from "../../../src/domain/order-book/features.ts";
import { bookText, latestText, parseBook } from "../../../src/wire/order-book/book-values.ts";
import { createSegmentEncoder, readSegment } from "../../../src/wire/order-book/recorded-books.ts";
import { books, pairsOf } from "../../domain/order-book/books.ts";

describe("a segment of recorded books", () => {
  test("is read as it was written, batch by batch", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(books, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
        (batches) => {
          const known = batches.map((batch) => batch.map(knownOf));
          const { bytes } = encoded(known);
          const found = readSegment(bytes);
          expect([...found.books].map(plain)).toEqual(known.flat().map(plain));
          expect(found.source).toBe(0 < batches.length ? "simulated here" : "");
        },
      ),
      { numRuns: 30 },
    );
  });

  test("that is cut anywhere is read up to the last whole batch", () => {
    const known = [0, 1, 2].map((at) => fc.sample(books, { numRuns: 2, seed: at }).map(knownOf));
    const { bytes, ends } = encoded(known);
    const near = ends.flatMap((end) => [end - 1, end, end + 1, end + 8]);
    const spread = Array.from({ length: 150 }, (_, at) => Math.floor((at * bytes.length) / 150));
    for (const length of [...near, ...spread].filter((one) => one <= bytes.length)) {
      const whole = ends.filter((end) => end <= length).length;
      const found = [...readSegment(bytes.slice(0, length)).books];
      expect(found.map(plain), `cut at ${length}`).toEqual(known.slice(0, whole).flat().map(plain));
    }
  });

  test("without a time of publication is read, each known when it was received", () => {
    const known = fc.sample(books, { numRuns: 3, seed: 1 }).map(knownOf);
    const table = tableFromIPC(encoded([known]).bytes);
    const names = table.schema.fields.map(({ name }) => name).filter((one) => one !== "pushed_ms");
    const found = readSegment(tableToIPC(table.select(names), "stream"));
    expect([...found.books].map(plain)).toEqual(
      known.map((one) => plain({ ...one, knownMs: one.receivedMs })),
    );
  });

  test("of another layout has no books", () => {
    expect([...readSegment(Buffer.from("no arrow")).books]).toEqual([]);
    expect([...readSegment(new Uint8Array(0)).books]).toEqual([]);
  });
});

describe("the text of a book", () => {
  const pushed = { epoch: 3, instance: "here", pushedMs: 1_600_000_000_250 };
  test("is read back, with its features by their names", () => {
    fc.assert(
      fc.property(books, (book) => {
        const known = knownOf(book);
        const features = bookFeatures(book);
        const found = parseBook(bookText({ ...known, features, source: "simulated" }, pushed));
        expect(found).not.toBeNull();
        expect(plain({ ...found!.known, knownMs: known.knownMs })).toEqual(plain(known));
        expect(found!.features.get("imbalance_5")).toBe(features.imbalance5);
        expect(found!.source).toBe("simulated");
      }),
    );
  });
  test("that is none is refused", () => {
    for (const text of [null, 7, "", "[]", "{}", '{"asset":"X","as_of":"soon"}'])
      expect(parseBook(text)).toBeNull();
  });
  test("with a level that is no finite number is refused: no log could hold it", () => {
    const [book] = fc.sample(books, { numRuns: 1, seed: 1 });
    const state = { ...knownOf(book!), features: bookFeatures(book!), source: "binance" };
    const text = bookText(state, pushed);
    expect(parseBook(text)).not.toBeNull();
    for (const levels of ['"bids":[[1,1e999]]', '"asks":[[1e9,1e999]]', '"asks":[[1e999,1]]']) {
      const [side] = levels.split(":");
      const finite = text.replace(new RegExp(`${side}:.*?\\]\\]`), levels.replace("1e999", "1e12"));
      expect(parseBook(finite)).not.toBeNull();
      expect(parseBook(finite.replace("1e12", "1e999"))).toBeNull();
    }
  });
  test("of all assets has each under its name, and the newest time as its own", () => {
    const [book] = fc.sample(books, { numRuns: 1, seed: 1 });
    const one = { ...knownOf(book!), features: bookFeatures(book!), source: "binance" };
    const older = { ...one, asset: "ETHUSDT", asOfMs: one.asOfMs - 1_000 };
    const found: unknown = JSON.parse(latestText([older, one], pushed, "binance"));
    expect(found).toMatchObject({
      BTCUSDT: { spread_bps: one.features.spreadBps, book_age_ms: 250 },
      ETHUSDT: { book_age_ms: 1_250 },
      as_of: "2020-09-13T12:26:40.000000+00:00",
      _pushed_at: "2020-09-13T12:26:40.250000+00:00",
      source: "binance",
    });
  });
});

function knownOf(book: Book): PublishedBook {
  const [asOfMs, receivedMs, knownMs] = [1_600_000_000_000, 1_600_000_000_003, 1_600_000_000_250];
  return { asset: "BTCUSDT", asOfMs, receivedMs, knownMs, book };
}

function plain({ book, ...rest }: PublishedBook) {
  return { ...rest, bids: pairsOf(book.bids), asks: pairsOf(book.asks) };
}

function encoded(batches: readonly (readonly PublishedBook[])[]) {
  const encoder = createSegmentEncoder("simulated here");
  const parts = batches.map((batch) => encoder.encode(batch));
  const ends: number[] = [];
  for (const part of parts) ends.push((ends.at(-1) ?? 0) + part.length);
  return { bytes: new Uint8Array(Buffer.concat(parts)), ends };
}
