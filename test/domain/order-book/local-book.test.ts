import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Book, createBook, type BookSide } from "../../../src/domain/order-book/book.ts";
import type { DepthMessage } from "../../../src/domain/order-book/depth-message.ts";
import {
  createLocalBook,
  holdAll,
  type LocalBook,
  takeChange,
  takeSnapshot,
} from "../../../src/domain/order-book/local-book.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { pairsOf } from "./books.ts";

type Levels = Map<number, number>;
type Venue = { readonly bids: Levels; readonly asks: Levels; id: number; previous: number };

/** Diffs of the long form; the short one is part of every run. */
const DIFFS = Number(process.env["DOLPHIN_TEST_DIFFS"] ?? 60_000);

describe("a book kept from changes", () => {
  test("is the venue's after random changes with drops, duplicates and reorderings", () => {
    let synced = 0;
    let gaps = 0;
    const check = fc.property(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.record({
        drop: fc.double({ min: 0, max: 0.05, noNaN: true }),
        repeat: fc.double({ min: 0, max: 0.1, noNaN: true }),
        swap: fc.double({ min: 0, max: 0.1, noNaN: true }),
      }),
      (seed, faults) => {
        const counts = run(seed, faults);
        synced += counts.synced;
        gaps += counts.gaps;
      },
    );
    fc.assert(check, { numRuns: Math.ceil(DIFFS / DIFFS_A_RUN), endOnFailure: true });
    // It was tested, and not merely waited.
    expect(synced).toBeGreaterThan(DIFFS / 4);
    expect(gaps).toBeGreaterThan(0);
  }, 600_000);

  test("holds the newest change alone until its turn, and is joined from there", () => {
    const local = createLocalBook();
    takeChange(local, change([1, 5, 0], [[10, 1]]));
    takeChange(local, change([6, 8, 5], [[10, 2]]));
    holdAll(local, false);
    takeChange(local, change([9, 9, 8], [[10, 3]]));
    expect(local.buffered.map(({ lastId }) => lastId)).toEqual([9]);
    holdAll(local, true);
    takeChange(local, change([10, 12, 9], [[11, 4]]));
    expect(local.buffered.length).toBe(2);
    expect(takeSnapshot(local, snapshot(9, [[9, 4]]))).toBe("synced");
    expect(pairsOf(local.book.bids)).toEqual([
      [11, 4],
      [10, 3],
      [9, 4],
    ]);
  });

  test("takes the documented steps", () => {
    const local = createLocalBook();
    expect(takeChange(local, change([1, 5, 0], [[10, 1]]))).toBe("buffered");
    expect(takeChange(local, change([6, 8, 5], [[10, 2]]))).toBe("buffered");
    expect(takeSnapshot(local, snapshot(3, [[9, 4]]))).toBe("synced");
    expect(pairsOf(local.book.bids)).toEqual([
      [10, 2],
      [9, 4],
    ]);
    expect(takeChange(local, change([6, 8, 5], [[10, 7]]))).toBe("old");
    // What is not there can be taken away.
    expect(
      takeChange(
        local,
        change(
          [9, 9, 8],
          [
            [11, 0],
            [10, 0],
          ],
        ),
      ),
    ).toBe("applied");
    expect(pairsOf(local.book.bids)).toEqual([[9, 4]]);
    expect(takeChange(local, change([12, 13, 11], [[9, 9]]))).toBe("gap");
    expect(takeSnapshot(local, snapshot(10, []))).toBe("too_old");
    expect(takeSnapshot(local, snapshot(12, [[8, 1]]))).toBe("synced");
    expect(pairsOf(local.book.bids)).toEqual([
      [9, 9],
      [8, 1],
    ]);
    expect(takeSnapshot(local, snapshot(20, []))).toBe("not_wanted");
  });

  test("lets the farthest level go where a side is full", () => {
    const local = createLocalBook(2);
    takeChange(local, change([1, 1, 0], []));
    expect(
      takeSnapshot(
        local,
        snapshot(1, [
          [10, 1],
          [9, 1],
        ]),
      ),
    ).toBe("synced");
    takeChange(
      local,
      change(
        [2, 2, 1],
        [
          [11, 1],
          [8, 1],
        ],
      ),
    );
    expect(pairsOf(local.book.bids)).toEqual([
      [11, 1],
      [10, 1],
    ]);
  });

  test("holds no more than it may, however long no snapshot comes", () => {
    const local = createLocalBook();
    for (let id = 1; id <= 5_000; id += 1) takeChange(local, change([id, id, id - 1], [[id, 1]]));
    expect(local.buffered.length).toBe(1_000);
    expect(takeSnapshot(local, snapshot(10, []))).toBe("too_old");
    expect(takeSnapshot(local, snapshot(4_999, []))).toBe("synced");
    expect(pairsOf(local.book.bids)).toEqual([
      [5_000, 1],
      [4_999, 1],
    ]);
  });
});

const DIFFS_A_RUN = 1_000;
const SNAPSHOT_AFTER = 5;

/** Plays a venue; after each change that is in the book it is held against the venue's as of that id. */
function run(
  seed: number,
  faults: { readonly drop: number; readonly repeat: number; readonly swap: number },
): { readonly synced: number; readonly gaps: number } {
  const random = seededRandom(seed);
  const venue: Venue = { bids: new Map(), asks: new Map(), id: 1, previous: 0 };
  const truth = new Map<number, ReturnType<typeof sorted>>();
  const local = createLocalBook(400);
  const counted = { synced: 0, gaps: 0 };
  let late: DepthMessage | null = null;
  let wanted = SNAPSHOT_AFTER;
  const take = (diff: DepthMessage) => {
    const outcome = takeChange(local, diff);
    if (outcome === "gap") counted.gaps += 1;
    if (outcome === "applied") counted.synced += 1;
    checkEqual(local, truth);
  };
  for (let at = 0; at < DIFFS_A_RUN; at += 1) {
    const diff = moved(venue, random.uniform);
    truth.set(venue.id, sorted(venue));
    truth.delete(venue.id - 4_000);
    const deliver = late;
    late = null;
    if (random.uniform() < faults.drop) continue;
    if (random.uniform() < faults.swap) late = diff;
    else take(diff);
    if (deliver !== null) take(deliver);
    if (random.uniform() < faults.repeat) take(diff);
    wanted = local.phase === "waiting" ? wanted - 1 : SNAPSHOT_AFTER;
    if (0 < wanted) continue;
    wanted = SNAPSHOT_AFTER;
    takeSnapshot(local, { lastId: venue.id, asOfMs: 0, book: bookOf(venue) });
    checkEqual(local, truth);
  }
  return counted;
}

function checkEqual(local: LocalBook, truth: ReadonlyMap<number, ReturnType<typeof sorted>>): void {
  if (local.phase !== "synced") return;
  const expected = truth.get(local.lastId);
  const isSame =
    expected !== undefined &&
    isSide(local.book.bids, expected.bids) &&
    isSide(local.book.asks, expected.asks);
  if (isSame) return;
  expect({ bids: pairsOf(local.book.bids), asks: pairsOf(local.book.asks) }).toEqual(expected);
}

function isSide(
  { prices, sizes, count }: BookSide,
  expected: readonly [number, number][],
): boolean {
  return (
    count === expected.length &&
    expected.every(([price, size], at) => prices[at] === price && sizes[at] === size)
  );
}

/** One to four changes of random levels, each of one id. */
function moved(venue: Venue, uniform: () => number): DepthMessage {
  const book = createBook(4);
  const first = venue.id + 1;
  const previousId = venue.id;
  const count = 1 + Math.floor(uniform() * 4);
  for (let at = 0; at < count; at += 1) {
    const isBid = uniform() < 0.5;
    const [levels, side] = isBid ? [venue.bids, book.bids] : [venue.asks, book.asks];
    const price = (isBid ? 100 : 160) + Math.floor(uniform() * 50);
    const size = uniform() < 0.4 ? 0 : 1 + Math.floor(uniform() * 9);
    if (size === 0) levels.delete(price);
    else levels.set(price, size);
    side.prices[side.count] = price;
    side.sizes[side.count] = size;
    side.count += 1;
    venue.id += 1;
  }
  return { symbol: "", sentMs: 0, asOfMs: 0, firstId: first, lastId: venue.id, previousId, book };
}

function sorted({ bids, asks }: Venue) {
  return {
    bids: [...bids].toSorted(([a], [b]) => b - a),
    asks: [...asks].toSorted(([a], [b]) => a - b),
  };
}

function bookOf(venue: Venue): Book {
  const { bids, asks } = sorted(venue);
  const book = createBook(100);
  fill(book.bids, bids);
  fill(book.asks, asks);
  return book;
}

function fill(side: BookSide, levels: readonly (readonly number[])[]): void {
  for (const [price, size] of levels) {
    side.prices[side.count] = price!;
    side.sizes[side.count] = size!;
    side.count += 1;
  }
}

function change([firstId, lastId, previousId]: [number, number, number], bids: number[][]) {
  const book = createBook(10);
  fill(book.bids, bids);
  return { firstId, lastId, previousId, asOfMs: 0, book };
}

function snapshot(lastId: number, bids: number[][]) {
  const book = createBook(10);
  fill(book.bids, bids);
  return { lastId, asOfMs: 0, book };
}
