/** Which messages of a venue count as a newer book. */
import { expect, test } from "vitest";
import { BookBoard } from "../../../src/services/order-book/book-board.ts";

const SYMBOL = "BTCUSDT";
const ORIGIN = { connection: 1, source: "a venue" };
const NOON_MS = Date.parse("2026-03-25T12:00:00Z");
const HOUR_MS = 3_600_000;
const NOW = { wallMs: NOON_MS, monotonicMs: 1 };

function depthAt(asOfMs: number, id: number, size = "1.5"): Buffer {
  const data = { e: "depthUpdate", E: asOfMs, T: asOfMs, s: SYMBOL, U: id, u: id, pu: id - 1 };
  const sides = { b: [["99.5", size]], a: [["100.5", "2"]] };
  return Buffer.from(JSON.stringify({ stream: "depth20", data: { ...data, ...sides } }));
}

test("an earlier book counts again once the clocks that were ahead are set back, and not before", () => {
  const board = new BookBoard([SYMBOL], { isByChanges: false });
  const take = (asOfMs: number, id: number, wallMs: number) =>
    board.take(depthAt(asOfMs, id), { wallMs, monotonicMs: id }, ORIGIN)?.asOfMs ?? null;
  const aheadMs = NOON_MS + HOUR_MS;
  expect(take(aheadMs, 1, aheadMs)).toBe(aheadMs);
  // Late by a second, as the clock has it: it came after a newer one.
  expect(take(aheadMs - 1_000, 2, aheadMs)).toBeNull();
  expect(take(NOON_MS, 3, NOON_MS)).toBe(NOON_MS);
  // Of its connection's order, whatever its time.
  expect(take(NOON_MS + 100, 3, NOON_MS + 100)).toBeNull();
});

test("a book from a time that is not yet is refused, and those after it are taken", () => {
  const board = new BookBoard([SYMBOL], { isByChanges: false });
  // What a venue's clock may be ahead by looks fresh for no longer than that.
  expect(board.take(depthAt(NOON_MS + 4_000, 1), NOW, ORIGIN)).not.toBeNull();
  expect(board.take(depthAt(NOON_MS + HOUR_MS, 2), NOW, ORIGIN)).toBeNull();
  expect(board.counts).toMatchObject({ ahead: 1, old: 0 });
  expect(board.lastRefusal).toContain("not yet");
  expect(board.take(depthAt(NOON_MS + 4_100, 3), NOW, ORIGIN)?.asOfMs).toBe(NOON_MS + 4_100);
});

test("what is huge, empty, or of numbers that are none is counted, and changes no book", () => {
  const board = new BookBoard([SYMBOL], { isByChanges: false });
  expect(board.take(depthAt(NOON_MS, 1), NOW, ORIGIN)).not.toBeNull();
  const sides = JSON.stringify(Array.from({ length: 100_000 }, () => ["1", "1"]));
  const bad = [
    Buffer.alloc(0),
    Buffer.alloc(2 * 1_048_576, "["),
    Buffer.from([0xff, 0xfe, 0x00]),
    depthAt(NOON_MS, 2, "1e400"),
    depthAt(NOON_MS, 2, "-1"),
    depthAt(NOON_MS, 2, "9".repeat(300)),
    Buffer.from(depthAt(NOON_MS, 2).toString().replace('[["99.5","1.5"]]', sides)),
  ];
  for (const bytes of bad) expect(board.take(bytes, NOW, ORIGIN)).toBeNull();
  expect(board.counts).toMatchObject({ messages: 1 + bad.length, garbage: bad.length });
  expect(board.books()[0]?.book.bids.prices[0]).toBe(99.5);
});
