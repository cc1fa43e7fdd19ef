/** A checker that finds nothing in a planted fault would prove nothing. */
import { describe, expect, test } from "vitest";
import { checkBooks, type AuditJson } from "./books-balance.ts";
import { checkOneToOne, checkSame } from "./one-seq-a-scan.ts";
import { checkAscending, checkNeverBack, checkOrder, type OrderedScan } from "./order-is-kept.ts";
import { checkGapless } from "./seqs-are-gapless.ts";
import { checkBudget, checkStarts } from "./starts-are-explained.ts";

test.each([
  ["whole", [1, 2, 3], 3, 0],
  ["told again", [1, 2, 2, 1, 3], 3, 0],
  ["with a hole", [1, 3], 3, 1],
  ["short at the end", [1, 2], 3, 1],
  ["beyond the journal", [1, 2, 3, 4], 3, 1],
])("seqs %s: %j up to %i, faults: %i", (_, seqs, last, faults) => {
  expect(checkGapless("ring", seqs, last)).toHaveLength(faults);
});

test.each([
  [
    "one to one",
    [
      [1, "a"],
      [2, "b"],
      [1, "a"],
    ],
    0,
  ],
  [
    "a seq for two scans",
    [
      [1, "a"],
      [1, "b"],
    ],
    1,
  ],
  [
    "a scan with two seqs",
    [
      [1, "a"],
      [2, "a"],
    ],
    1,
  ],
] as const)("%s", (_, pairs, faults) => {
  const values = pairs.map(([seq, thing]) => ({ seq, thing }));
  expect(checkOneToOne("journal", values)).toHaveLength(faults);
});

test("a lost and an invented scan are reported", () => {
  expect(checkSame("journal", new Set(["a", "b"]), ["b", "c"])).toEqual([
    "journal: a is lost",
    "journal: c was never written",
  ]);
});

function scan(seq: number, timeUs: number, more: Partial<OrderedScan> = {}): OrderedScan {
  return { seq, timeUs, scanNumber: seq, file: `d/${seq}`, late: false, ...more };
}

describe("order", () => {
  test.each([
    ["by time", [scan(1, 10), scan(2, 20)], 0],
    ["by name at one time", [scan(1, 10, { file: "d/b" }), scan(2, 10, { file: "d/a" })], 0],
    ["back in time with a higher number", [scan(1, 20), scan(2, 10), scan(3, 15)], 0],
    ["back in time with a lower number", [scan(5, 20), scan(6, 10, { scanNumber: 2 })], 1],
    ["rightly late", [scan(5, 20), scan(6, 10, { scanNumber: 2, late: true }), scan(7, 21)], 0],
    ["wrongly late", [scan(1, 10), scan(2, 20, { late: true })], 1],
    ["late before all", [scan(1, 10, { late: true })], 1],
  ])("%s", (_, scans, faults) => {
    expect(checkOrder(scans)).toHaveLength(faults);
  });

  test("a seq that is first seen after a higher one is reported, a repeated one is not", () => {
    expect(checkAscending("ring", [1, 2, 1, 2, 3])).toEqual([]);
    expect(checkAscending("ring", [1, 3, 2])).toEqual(["ring: seq 2 came after 3"]);
  });

  test("a value that goes back is reported, a repeated one is not", () => {
    expect(checkNeverBack("latest", [1, 2, 2, 5])).toEqual([]);
    expect(checkNeverBack("latest", [1, 5, 4])).toEqual(["latest went back from seq 5 to 4"]);
  });
});

test("more starts than kills explain are reported", () => {
  const once = { "scan-bridge": 1, worker: 1, temporal: 1, hazelcast: 1 };
  expect(checkStarts(once, {})).toEqual([]);
  const kills = { "scan-bridge": 2, worker: 1, up: 1, temporal: 3 };
  expect(checkStarts({ ...once, "scan-bridge": 5, worker: 3, temporal: 5 }, kills)).toEqual([]);
  expect(checkStarts({ ...once, "scan-bridge": 6 }, kills)).toHaveLength(1);
  expect(checkStarts({ ...once, hazelcast: 3 }, kills)).toHaveLength(1);
  expect(checkStarts({ ...once, worker: 0 }, kills)).toEqual(["worker was never started"]);
});

test.each([
  [[0, 1, 2, 3], 0],
  [[0, 1, 2, 3, 30], 1],
  [[0, 1, 2, 3, 31], 0],
  [[0, 1, 2, 3, 31, 32], 0],
  [[0, 10, 20, 35, 39], 1],
])("starts at %j s, at most three restarts in 30 s, faults: %i", (startsS, faults) => {
  const startsMs = startsS.map((s) => s * 1_000);
  expect(checkBudget(startsMs, { max: 3, windowMs: 30_000 })).toHaveLength(faults);
});

test("books that do not balance are reported", () => {
  const total = { files: 6, pushed: 3, duplicates: 2, quarantined: 1, pending: 0, missing: 0 };
  const ring = { lacking: [], detail: null };
  const audit: AuditJson = { total, last_seq: 3, seq_gaps: [], missing: [], ring, ok: true };
  expect(checkBooks(audit)).toEqual([]);
  expect(checkBooks({ ...audit, total: { ...total, files: 7 } })).toHaveLength(1);
  expect(checkBooks({ ...audit, total: { ...total, files: 7, pending: 1 } })).toHaveLength(2);
  expect(checkBooks({ ...audit, ok: false, total: { ...total, missing: 1 } })).toHaveLength(2);
  expect(checkBooks({ ...audit, ring: { lacking: [3], detail: null } })).toHaveLength(1);
  expect(checkBooks({ ...audit, ring: { lacking: [], detail: "away" } })).toHaveLength(1);
});
