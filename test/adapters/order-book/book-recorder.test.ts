import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bookDays, readPublishedBooks } from "../../../src/adapters/order-book/book-archive.ts";
import {
  createBookRecorder,
  type OfferedBook,
} from "../../../src/adapters/order-book/book-recorder.ts";
import { pruneBooks } from "../../../src/adapters/order-book/prune-books.ts";
import { books, pairsOf } from "../../domain/order-book/books.ts";

const DAY_MS = 86_400_000;
const START_MS = 1_774_396_800_000;
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-books-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("recorded books", () => {
  test("are read in the order in which they were here, of one asset or of all, by time", async () => {
    const recorder = open();
    const offered = [0, 1, 2, 3, 4, 5].map((at) => offer(at % 2 === 0 ? "A" : "B", at * 600));
    for (const one of offered) recorder.offer(one);
    await recorder.flush(START_MS);
    await recorder.close();
    // One in a second of each asset: those at 1,200 and 1,800 are in time, and so on.
    const kept = offered.filter(({ knownMs }) => ![2_400, 3_000].includes(knownMs - START_MS));
    const all = { fromMs: START_MS, toMs: START_MS + DAY_MS };
    expect([...readPublishedBooks(folder, null, all)].map(plain)).toEqual(offered.map(plain));
    expect([...readPublishedBooks(folder, "B", all)].map(plain)).toEqual(
      offered.filter(({ asset }) => asset === "B").map(plain),
    );
    const part = { fromMs: START_MS + 600, toMs: START_MS + 1_200 };
    expect([...readPublishedBooks(folder, null, part)].map(plain)).toEqual([plain(kept[1]!)]);
    expect(recorder.state()).toMatchObject({ recorded: 6, lost: 0, trouble: null });
  });

  test("take no more than one in their time of each asset", async () => {
    const recorder = open();
    for (let atMs = 0; atMs < 10_000; atMs += 100) recorder.offer(offer("A", atMs));
    await recorder.close();
    expect(recorder.state().recorded).toBe(10);
  });

  test("survive what a death leaves at the end of a segment, and strangers beside it", async () => {
    const recorder = open();
    recorder.offer(offer("A", 0));
    await recorder.flush(START_MS);
    const [day] = bookDays(folder);
    const [segment] = readdirSync(join(folder, day!));
    appendFileSync(join(folder, day!, segment!), Buffer.from("ffffffff10", "hex"));
    writeFileSync(join(folder, day!, "000000000-000000.arrow"), "");
    writeFileSync(join(folder, "notes"), "");
    const all = { fromMs: START_MS, toMs: START_MS + DAY_MS };
    expect([...readPublishedBooks(folder, "A", all)].length).toBe(1);
    await recorder.close();
  });

  test("that cannot be written are counted, and written again once they can", async () => {
    const day = "2026-03-25";
    writeFileSync(join(folder, day), "in the way");
    const recorder = open();
    recorder.offer(offer("A", 0));
    await recorder.flush(START_MS);
    expect(recorder.state()).toMatchObject({ recorded: 0, lost: 1 });
    expect(recorder.state().trouble).toContain(day);
    rmSync(join(folder, day));
    recorder.offer(offer("A", 1_000));
    await recorder.close();
    expect(recorder.state()).toEqual({ recorded: 1, lost: 1, trouble: null });
  });

  test("that cannot be written are tried again after longer and longer, and kept until then", async () => {
    const day = "2026-03-25";
    writeFileSync(join(folder, day), "in the way");
    const recorder = open();
    recorder.offer(offer("A", 0));
    await recorder.flush(START_MS);
    recorder.offer(offer("A", 1_000));
    await recorder.flush(START_MS + 1_000);
    expect(recorder.state().lost).toBe(2);
    rmSync(join(folder, day));
    recorder.offer(offer("A", 2_000));
    await recorder.flush(START_MS + 2_999);
    expect(recorder.state()).toMatchObject({ recorded: 0, lost: 2 });
    await recorder.flush(START_MS + 3_000);
    expect(recorder.state()).toEqual({ recorded: 1, lost: 2, trouble: null });
    await recorder.close();
  });

  test("leave no segment behind into which nothing whole was written", async () => {
    const recorder = open();
    const asset: string = JSON.parse("null");
    recorder.offer({ ...offer("A", 0), asset });
    await recorder.flush(START_MS);
    expect(recorder.state()).toMatchObject({ recorded: 0, lost: 1 });
    await recorder.close();
    expect(readdirSync(join(folder, "2026-03-25"))).toEqual([]);
  });

  test("wait for the disk aside, and what finds no room meanwhile is counted", async () => {
    const recorder = open();
    const room = 16 * 256;
    // Nothing is written while this thread is busy: it is the one that reads the venue's messages.
    for (let at = 0; at < room + 10; at += 1) recorder.keep(offer("A", at));
    const before = recorder.state();
    expect(before).toMatchObject({ recorded: 0, lost: 10 });
    expect(before.trouble).toContain("is too slow");
    await recorder.close();
    expect(recorder.state()).toEqual({ recorded: room, lost: 10, trouble: null });
    const all = { fromMs: START_MS, toMs: START_MS + DAY_MS };
    expect([...readPublishedBooks(folder, null, all)].length).toBe(room);
  });

  test("are hidden by no jump of the clock that is undone", async () => {
    const recorder = open();
    for (const afterMs of [0, 3 * 3_600_000, 3 * 3_600_000 + 1_000, 2_000, 3_000]) {
      recorder.offer(offer("A", afterMs));
      await recorder.flush(START_MS + afterMs);
    }
    await recorder.close();
    const all = { fromMs: START_MS, toMs: START_MS + DAY_MS };
    const found = [...readPublishedBooks(folder, null, all)].map(
      ({ knownMs }) => knownMs - START_MS,
    );
    expect(found).toEqual([0, 2_000, 3_000, 3 * 3_600_000, 3 * 3_600_000 + 1_000]);
  });

  test("are hidden by no jump of the clock within a batch", async () => {
    const recorder = open();
    const ahead = 3 * 3_600_000;
    for (const afterMs of [0, ahead, ahead + 100, 500, 2_000]) {
      recorder.keep(offer("A", afterMs));
      if (afterMs === 500) await recorder.flush(START_MS + afterMs);
    }
    await recorder.close();
    const all = { fromMs: START_MS, toMs: START_MS + DAY_MS };
    const found = [...readPublishedBooks(folder, null, all)].map(
      ({ knownMs }) => knownMs - START_MS,
    );
    expect(found).toEqual([0, 500, 2_000, ahead, ahead + 100]);
  });

  test("begin a segment with each day, and with each source", async () => {
    const recorder = open();
    recorder.offer(offer("A", 0));
    recorder.offer({ ...offer("A", 1_000), source: "another" });
    await recorder.flush(START_MS + 1_000);
    recorder.offer({ ...offer("A", DAY_MS), source: "another" });
    await recorder.flush(START_MS + DAY_MS);
    await recorder.close();
    expect(bookDays(folder)).toEqual(["2026-03-25", "2026-03-26"]);
    expect(readdirSync(join(folder, "2026-03-25")).length).toBe(2);
  });
});

describe("what is kept of recorded books", () => {
  test("counts recorded days and bytes, the oldest segments first, and never the day under way", async () => {
    const days = ["2026-03-20", "2026-03-22", "2026-03-23", "2026-03-24", "2026-03-25"];
    for (const day of days) putSegments(day, ["1.arrow", "2.arrow"]);
    const kept = { folder, keepDays: 3, keepBytes: 550 };
    expect(await pruneBooks(kept, START_MS)).toEqual({
      removed: ["2026-03-20", "2026-03-22/1.arrow", "2026-03-22/2.arrow", "2026-03-23/1.arrow"],
      isFull: false,
      trouble: null,
    });
    expect(bookDays(folder)).toEqual(["2026-03-23", "2026-03-24", "2026-03-25"]);
    expect(await pruneBooks({ ...kept, keepBytes: 199 }, START_MS)).toMatchObject({ isFull: true });
    expect(bookDays(folder)).toEqual(["2026-03-25"]);
    expect(readdirSync(join(folder, "2026-03-25"))).toEqual(["1.arrow", "2.arrow"]);
  });

  test("stays where the clock is years ahead", async () => {
    for (const day of ["2026-03-24", "2026-03-25"]) putSegments(day, ["1.arrow"]);
    const kept = { folder, keepDays: 2, keepBytes: 1e9 };
    const years = START_MS + 2_000 * DAY_MS;
    putSegments(new Date(years).toISOString().slice(0, 10), ["1.arrow"]);
    for (const nowMs of [years, years + DAY_MS - 1]) {
      expect(await pruneBooks(kept, nowMs)).toMatchObject({ removed: [], trouble: null });
    }
  });

  test("reports its sizes some at a time, however many segments there are", async () => {
    const day = join(folder, "2026-03-20");
    mkdirSync(day);
    for (let nth = 0; nth < 200; nth += 1) writeFileSync(join(day, `${nth}.arrow`), "x");
    let atOnce = 0;
    const pruning = pruneBooks({ folder, keepDays: 3, keepBytes: 199 }, START_MS);
    for (let turns = 0; turns < 50; turns += 1) {
      const asked = process.getActiveResourcesInfo().filter((name) => name === "FSReqPromise");
      atOnce = Math.max(atOnce, asked.length);
      await new Promise(setImmediate);
    }
    expect(await pruning).toMatchObject({ removed: ["2026-03-20/0.arrow"] });
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThan(50);
  });

  test("is pruned past strangers, and a folder that cannot be read is a trouble and no end", async () => {
    writeFileSync(join(folder, "2026-03-20"), "a stranger");
    const recorder = open();
    expect(await recorder.prune(START_MS)).toEqual([]);
    expect(recorder.state().trouble).toBeNull();
    // No folder can be read that is a link to itself.
    symlinkSync("2026-03-21", join(folder, "2026-03-21"));
    expect(await recorder.prune(START_MS)).toEqual([]);
    expect(recorder.state().trouble).toContain("2026-03-21");
    rmSync(join(folder, "2026-03-21"));
    await recorder.prune(START_MS);
    expect(recorder.state().trouble).toBeNull();
    expect(bookDays(folder)).toEqual(["2026-03-20"]);
  });

  test("is no more of a day that alone takes too much, until the next", async () => {
    putSegments("2026-03-25", ["1.arrow"]);
    const recorder = open({ keepBytes: 99 });
    await recorder.prune(START_MS);
    recorder.offer(offer("A", 0));
    await recorder.flush(START_MS);
    expect(recorder.state()).toMatchObject({ recorded: 0, lost: 1 });
    expect(recorder.state().trouble).toContain("order_book.keep_gb");
    recorder.offer(offer("A", DAY_MS));
    await recorder.flush(START_MS + DAY_MS);
    expect(recorder.state()).toMatchObject({ recorded: 1, lost: 1 });
    await recorder.prune(START_MS + DAY_MS);
    await recorder.close();
  });
});

function putSegments(day: string, names: readonly string[]): void {
  mkdirSync(join(folder, day));
  for (const name of names) writeFileSync(join(folder, day, name), Buffer.alloc(100));
}

function open({ keepBytes = 1e9 } = {}) {
  return createBookRecorder({ folder, epoch: 1, everyMs: 1_000, keepDays: 30, keepBytes });
}

function offer(asset: string, afterMs: number): OfferedBook {
  const [book] = fc.sample(books, { numRuns: 1, seed: afterMs + 1 });
  const knownMs = START_MS + afterMs;
  const times = { asOfMs: knownMs - 13, receivedMs: knownMs - 10, knownMs };
  return { asset, ...times, book: book!, source: "simulated" };
}

function plain({ asset, asOfMs, receivedMs, knownMs, book }: Omit<OfferedBook, "source">) {
  const [bids, asks] = [pairsOf(book.bids), pairsOf(book.asks)];
  return { asset, asOfMs, receivedMs, knownMs, bids, asks };
}
