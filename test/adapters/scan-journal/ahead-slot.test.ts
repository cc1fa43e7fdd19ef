import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AheadSlot, readAheadSlot } from "../../../src/adapters/scan-journal/ahead-slot.ts";
import { type JournalScan, ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { codeOf } from "../../../src/domain/failure.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
let path = "";
let open: ScanJournal[] = [];
beforeEach(() => {
  dir = makeTemporaryDirectory("slot");
  path = join(dir, "scan-bridge.db");
  open = [];
});
afterEach(() => {
  for (const journal of open) journal.close();
  removeTemporaryDirectory(dir);
});

function openJournal(epoch?: number): ScanJournal {
  const journal = new ScanJournal(path);
  open.push(journal);
  if (epoch !== undefined) journal.claimEpoch(epoch);
  return journal;
}

function scan(seq: number, changes: Partial<JournalScan> = {}): JournalScan {
  return {
    seq,
    epoch: 1,
    file: `2026-03-25/${seq}.arrow`,
    hash: hashOf(Buffer.from(`bytes ${seq}`)),
    scanNumber: Number.MAX_SAFE_INTEGER - seq,
    size: 2_000,
    mtimeUs: 1_774_434_030_123_456,
    timeUs: 1_774_434_030_123_000,
    late: false,
    replayed: true,
    pushedUs: 1_774_434_031_000_001,
    ...changes,
  };
}

test("a slot gives back exactly what was written last", () => {
  const file = join(dir, "slot");
  const slot = new AheadSlot(file);
  expect(readAheadSlot(file)).toBeNull();
  const rows = [
    scan(1, { file: `2026-03-25/${"🐬".repeat(60)}.arrow` }),
    scan(3, { seenUs: 1_774_434_030_500_000, decodedUs: 1_774_434_030_700_001 }),
    scan(2, { late: true, replayed: false, mtimeUs: -5, timeUs: 0, file: "2026-03-25/b.arrow" }),
  ];
  for (const row of rows) {
    expect(slot.write(row)).toBe(true);
    expect(readAheadSlot(file)).toEqual(row);
  }
  expect(slot.write(scan(3, { file: `2026-03-25/${"x".repeat(1_000)}.arrow` }))).toBe(false);
  slot.close();
});

test("damage behind the row costs only when its file was seen and decoded", () => {
  const file = join(dir, "slot");
  const slot = new AheadSlot(file);
  slot.write(scan(7, { seenUs: 5, decodedUs: 6 }));
  slot.close();
  const whole = readFileSync(file);
  const end = 8 * 11 + 32 + scan(7).file.length;
  for (let at = end; at < end + 20; at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x10;
    writeFileSync(file, bytes);
    expect(readAheadSlot(file), `byte ${at}`).toEqual(scan(7));
  }
});

test("a slot with any byte changed, or cut, holds nothing", () => {
  const file = join(dir, "slot");
  const slot = new AheadSlot(file);
  slot.write(scan(7));
  slot.close();
  const whole = readFileSync(file);
  const used = 8 * 11 + 32 + scan(7).file.length;
  for (let at = 0; at < used; at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x10;
    writeFileSync(file, bytes);
    expect(readAheadSlot(file), `byte ${at}`).toBeNull();
  }
  writeFileSync(file, whole);
  truncateSync(file, 100);
  expect(readAheadSlot(file)).toBeNull();
});

test("who takes the next epoch after a death finds the row that was only ahead", () => {
  const first = openJournal(1);
  first.append([scan(1)]);
  first.appendAhead([scan(2)], []);
  // As a death leaves it: neither flushed nor closed.
  const second = openJournal(2);
  expect(second.scans(1, 9)).toEqual([scan(1), scan(2)]);
  expect(second.file(scan(2).file)?.verdict).toEqual({ kind: "pushed", seq: 2 });
  expect(existsSync(`${path}.ahead-1`)).toBe(false);
  expect(codeOf(errorOf(() => first.flush()))).toBe("JOURNAL_FENCED");
  second.appendAhead([scan(3, { epoch: 2 })], []);
  second.appendAhead([scan(4, { epoch: 2 })], []);
  expect(openJournal(3).scans(1, 9)).toHaveLength(4);
});

test.for([true, false])(
  "opening the journal beside its owner moves and writes nothing (read-only: %s)",
  (readonly) => {
    const owner = openJournal(1);
    owner.append([scan(1)]);
    owner.appendAhead([scan(2)], []);
    const before = readFileSync(path);
    const other = new ScanJournal(path, { readonly });
    open.push(other);
    expect(other.scans(1, 9)).toEqual([scan(1)]);
    expect(other.aheadOfOwner()).toEqual(scan(2));
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(owner.flush()).toBe(true);
    expect(other.aheadOfOwner()).toBeNull();
    const written = codeOf(errorOf(() => other.setMeta("first_day", "2026-03-25")));
    expect(written).toBe(readonly ? "JOURNAL_UNAVAILABLE" : undefined);
  },
);

test("the same row again is written; another one in its place is a conflict, not a pause", () => {
  const owner = openJournal(1);
  owner.appendAhead([scan(1)], []);
  const stranger = new Database(path);
  const columns =
    "seq, epoch, file, hash, hash48, scan_number, size, mtime_us, time_us, flags, pushed_us, crc";
  const put = stranger.prepare(
    `INSERT INTO scans (${columns}) VALUES (?, 1, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)`,
  );
  put.run(1, scan(1).file, scan(1).hash);
  expect(owner.flush()).toBe(true);
  expect(owner.file(scan(1).file)?.verdict).toEqual({ kind: "pushed", seq: 1 });
  owner.appendAhead([scan(2)], []);
  put.run(2, "2026-03-25/stranger.arrow", scan(2).hash);
  stranger.close();
  expect(codeOf(errorOf(() => owner.flush()))).toBe("JOURNAL_CONFLICT");
});

test("the row ahead is among those that a refill reads", () => {
  const journal = openJournal(1);
  journal.append([scan(1)]);
  journal.appendAhead([scan(2)], []);
  expect(journal.scans(1, 2)).toEqual([scan(1), scan(2)]);
  expect(journal.scans(1, 1)).toEqual([scan(1)]);
  expect(journal.firstSeqSince(scan(2).pushedUs + 1)).toBeNull();
  expect(journal.lastSeq()).toBe(2);
});

test("a row ahead of another epoch, or of another seq, is not taken", () => {
  const first = openJournal(1);
  first.appendAhead([scan(2)], []);
  expect(openJournal(2).lastSeq()).toBe(0);
  const slot = new AheadSlot(`${path}.ahead-2`);
  slot.write(scan(1, { epoch: 7 }));
  slot.close();
  expect(openJournal(3).lastSeq()).toBe(0);
});

test("a row ahead is in the database after a flush, and before the next row", () => {
  const journal = openJournal(1);
  journal.appendAhead([scan(1)], []);
  expect(openJournal().lastSeq()).toBe(0);
  // Looked at again before that, its file must not be taken for a new scan.
  expect(journal.seqOfHash(scan(1).hash)).toBe(1);
  expect(journal.scan(1)).toEqual(scan(1));
  journal.append([scan(2)]);
  expect(journal.lastSeq()).toBe(2);
  journal.appendAhead([scan(3)], []);
  journal.flush();
  journal.flush();
  expect(journal.counts().pushed).toBe(3);
});

test("hashes are known whether they were learned, appended or not yet learned", () => {
  openJournal(1).append(Array.from({ length: 300 }, (_, at) => scan(at + 1)));
  const journal = openJournal(2);
  const isKnown = (seq: number) => journal.seqOfHash(scan(seq).hash) === seq;
  expect(isKnown(250)).toBe(true);
  expect([journal.learnHashes(200), journal.learnHashes(200)]).toEqual([false, true]);
  journal.append([scan(301)]);
  for (let seq = 1; seq <= 301; seq += 1) expect(isKnown(seq), `seq ${seq}`).toBe(true);
  for (let seq = 302; seq <= 600; seq += 1) {
    expect(journal.seqOfHash(scan(seq).hash)).toBeNull();
  }
});

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
