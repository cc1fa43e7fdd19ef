import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBook } from "../../../src/domain/order-book/book.ts";
import type { DepthMessage } from "../../../src/domain/order-book/depth-message.ts";
import { createDepthReader } from "../../../src/wire/order-book/depth-message.ts";
import { readSlowly, readSnapshot } from "../../../src/wire/order-book/slow-depth.ts";
import { books, depthText, pairsOf } from "../../domain/order-book/books.ts";

const LEVELS = 20;

describe("a depth message", () => {
  test("is read from its bytes as JSON would have it, combined and alone", () => {
    fc.assert(
      fc.property(books, fc.boolean(), (book, isCombined) => {
        const whole: { data: unknown } = JSON.parse(depthText(book));
        const text = JSON.stringify(isCombined ? whole : whole.data);
        const reader = createDepthReader(LEVELS);
        expect(reader.read(Buffer.from(text))).toBeNull();
        expect(figuresOf(reader.message)).toEqual({
          ...figuresOf(slowly(text)),
          bids: pairsOf(book.bids),
          asks: pairsOf(book.asks),
        });
      }),
    );
  });

  test("with bytes changed, cut or added at random is read as JSON reads it, or refused, and never thrown over", () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.integer({ max: 2 }));
    fc.assert(
      fc.property(books, fc.array(change, { minLength: 1, maxLength: 4 }), (book, changes) => {
        let bytes = Buffer.from(depthText(book));
        for (const [at, byte, kind] of changes) {
          const place = at % bytes.length;
          if (kind === 0) bytes[place] = byte;
          else if (kind === 1) bytes = bytes.subarray(0, Math.max(1, place));
          else
            bytes = Buffer.concat([
              bytes.subarray(0, place),
              Buffer.of(byte),
              bytes.subarray(place),
            ]);
        }
        const reader = createDepthReader(LEVELS);
        const expected = blank();
        const trouble = readSlowly(bytes, expected, LEVELS);
        expect(reader.read(bytes)).toBe(trouble);
        const isRead = trouble === null;
        expect(isRead && figuresOf(reader.message)).toEqual(isRead && figuresOf(expected));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["numbers for texts", { b: [[1.5, 2]], a: [[2.5, 1]] }, null],
    ["texts for numbers", { E: "1571889248277", u: "390497878" }, null],
    ["further fields in another order", { st: 2, ps: "BTCUSDT" }, null],
    ["a number of many digits", { b: [["1.00000000000000000001", "1"]] }, null],
    ["NaN for a price", { b: [["NaN", "1"]] }, "a level without a price or a size"],
    ["a price below zero", { b: [["-1", "1"]] }, "a level without a price or a size"],
    ["infinity in exponents", { a: [["1e999", "1"]] }, "a level without a price or a size"],
    ["no symbol", { s: undefined }, "no symbol"],
    ["a symbol that is none", { s: "../etc" }, "no symbol"],
    ["no time", { T: "soon" }, "no time"],
    ["an id that no number holds", { u: 2 ** 60 }, "no update ids"],
    [
      "more levels than were asked for",
      { b: Array.from({ length: 21 }, () => ["1", "1"]) },
      "more than 20 levels",
    ],
    ["another event", { e: "markPriceUpdate" }, "no depth"],
  ])("with %s", (_, changed, trouble) => {
    const [book] = fc.sample(books, { numRuns: 1, seed: 7 });
    const { stream, data }: { stream: string; data: object } = JSON.parse(depthText(book!));
    const text = JSON.stringify({ stream, data: { ...data, ...changed } });
    expect(createDepthReader(LEVELS).read(Buffer.from(text))).toBe(trouble);
  });

  test("reads one message after another into the same place", () => {
    const reader = createDepthReader(LEVELS);
    const [first, second] = fc.sample(books, { numRuns: 2, seed: 3 });
    expect(reader.read(Buffer.from(depthText(first!, { symbol: "ETHUSDT" })))).toBeNull();
    expect(reader.message.symbol).toBe("ETHUSDT");
    expect(reader.read(Buffer.from(depthText(second!, { symbol: "BTCUSDT" })))).toBeNull();
    expect(reader.message.symbol).toBe("BTCUSDT");
    expect(pairsOf(reader.message.book.bids)).toEqual(pairsOf(second!.bids));
  });
});

describe("a snapshot", () => {
  const whole = { lastUpdateId: 7, E: 2, T: 1, bids: [["4.0", "431.0"]], asks: [["4.1", "12"]] };
  test("is read", () => {
    const found = readSnapshot(Buffer.from(JSON.stringify(whole)), 1_000);
    if (typeof found === "string") throw new Error(found);
    expect([found.lastId, found.asOfMs, pairsOf(found.book.bids)]).toEqual([7, 1, [[4, 431]]]);
  });
  test.each([
    [{ lastUpdateId: null }, "no update id"],
    [{ T: undefined, E: undefined }, "no time"],
    [{ bids: "none" }, "no levels"],
  ])("with %j is refused", (changed, trouble) => {
    const text = JSON.stringify({ ...whole, ...changed });
    expect(readSnapshot(Buffer.from(text), 1_000)).toBe(trouble);
  });
});

function slowly(text: string): DepthMessage {
  const message = blank();
  expect(readSlowly(Buffer.from(text), message, LEVELS)).toBeNull();
  return message;
}

function blank(): DepthMessage {
  return {
    symbol: "",
    sentMs: 0,
    asOfMs: 0,
    firstId: 0,
    lastId: 0,
    previousId: 0,
    book: createBook(LEVELS),
  };
}

function figuresOf({ book, ...rest }: DepthMessage) {
  return { ...rest, bids: pairsOf(book.bids), asks: pairsOf(book.asks) };
}
