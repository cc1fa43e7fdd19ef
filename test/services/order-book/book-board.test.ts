/** What the board takes and what it refuses, whatever a venue sends. */
import { expect, test } from "vitest";
import { BookBoard } from "../../../src/services/order-book/book-board.ts";

const NOW_MS = 1_774_396_800_000;
const origin = { connection: 1, source: "venue" };
const now = { wallMs: NOW_MS, monotonicMs: 1 };

function message(asOfMs: number, id: number, size = "1.5"): Buffer {
  const head = `{"e":"depthUpdate","E":${asOfMs},"T":${asOfMs},"s":"BTCUSDT","U":${id},"u":${id}`;
  return Buffer.from(`${head},"pu":${id - 1},"b":[["99.5","${size}"]],"a":[["100.5","2"]]}`);
}

test("a book from a time that is not yet is refused, and those after it are taken", () => {
  const board = new BookBoard(["BTCUSDT"], { isByChanges: false });
  // What a venue's clock may be ahead by looks fresh for no longer than that.
  expect(board.take(message(NOW_MS + 4_000, 1), now, origin)).not.toBeNull();
  expect(board.take(message(NOW_MS + 3_600_000, 2), now, origin)).toBeNull();
  expect(board.counts).toMatchObject({ ahead: 1, old: 0 });
  expect(board.lastRefusal).toContain("not yet");
  expect(board.take(message(NOW_MS + 4_100, 3), now, origin)?.asOfMs).toBe(NOW_MS + 4_100);
});

test("what is huge, empty, or of numbers that are none is counted, and changes no book", () => {
  const board = new BookBoard(["BTCUSDT"], { isByChanges: false });
  expect(board.take(message(NOW_MS, 1), now, origin)).not.toBeNull();
  const sides = JSON.stringify(Array.from({ length: 100_000 }, () => ["1", "1"]));
  const bad = [
    Buffer.alloc(0),
    Buffer.alloc(2 * 1_048_576, "["),
    Buffer.from([0xff, 0xfe, 0x00]),
    message(NOW_MS, 2, "1e400"),
    message(NOW_MS, 2, "-1"),
    message(NOW_MS, 2, "9".repeat(300)),
    Buffer.from(message(NOW_MS, 2).toString().replace('[["99.5","1.5"]]', sides)),
  ];
  for (const bytes of bad) expect(board.take(bytes, now, origin)).toBeNull();
  expect(board.counts).toMatchObject({ messages: 1 + bad.length, garbage: bad.length });
  expect(board.books()[0]?.book.bids.prices[0]).toBe(99.5);
});
