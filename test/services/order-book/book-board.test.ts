/** What of the messages of a venue counts as a newer book. */
import { expect, test } from "vitest";
import { BookBoard } from "../../../src/services/order-book/book-board.ts";

const SYMBOL = "BTCUSDT";
const ORIGIN = { connection: 1, source: "a venue" };
const NOON_MS = Date.parse("2026-03-25T12:00:00Z");
const HOUR_MS = 3_600_000;

function depthAt(asOfMs: number, id: number): Uint8Array {
  const data = { e: "depthUpdate", E: asOfMs, T: asOfMs, s: SYMBOL, U: id, u: id, pu: id - 1 };
  const sides = { b: [["100", "1"]], a: [["101", "1"]] };
  return Buffer.from(JSON.stringify({ stream: "depth20", data: { ...data, ...sides } }));
}

test("a book of before counts again once the clocks that were ahead are set back, and not before", () => {
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
