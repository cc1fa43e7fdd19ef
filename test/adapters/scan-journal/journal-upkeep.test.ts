import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScanJournalUpkeep } from "../../../src/adapters/scan-journal/journal-upkeep.ts";
import { type JournalScan, ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const MIB = 1_048_576;
let dir = "";
let path = "";
let journal: ScanJournal;
let upkeep: ScanJournalUpkeep;
beforeEach(() => {
  dir = makeTemporaryDirectory("journal-upkeep");
  path = join(dir, "scan-bridge.db");
  journal = new ScanJournal(path);
  journal.claimEpoch(1);
  upkeep = new ScanJournalUpkeep(path, { epoch: 1, keepDays: null, onForget() {} });
});
afterEach(() => {
  upkeep.close();
  journal.close();
  removeTemporaryDirectory(dir);
});

function scan(seq: number, changes: Partial<JournalScan> = {}): JournalScan {
  return {
    seq,
    epoch: 1,
    file: `2026-03-25/${seq}.arrow`,
    hash: hashOf(Buffer.from(`bytes ${seq}`)),
    scanNumber: seq,
    size: 2_000,
    mtimeUs: seq,
    timeUs: seq,
    late: false,
    replayed: false,
    pushedUs: seq,
    ...changes,
  };
}

function write(count: number): void {
  const from = journal.lastSeq() + 1;
  journal.append(Array.from({ length: count }, (_, at) => scan(from + at)));
}

/** Quicker than by rows. */
function writeMuch(bytes: number): void {
  journal.setMeta("much", "x".repeat(bytes));
}

const logBytes = () => statSync(`${path}-wal`).size;

test("a log that grew behind a reader is cut when the reader has ended, without a row", () => {
  write(1);
  const reader = new Database(path, { readonly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM scans").get();
  writeMuch(17 * MIB);
  write(1);
  upkeep.secure();
  expect(logBytes()).toBeGreaterThan(16 * MIB);
  expect(reader.prepare("SELECT count(*) FROM scans").pluck().get()).toBe(1);
  reader.exec("COMMIT");
  reader.close();
  upkeep.secure();
  expect(logBytes()).toBeLessThan(8 * MIB);
  expect(journal.seqGaps()).toEqual([]);
});

test("a log is cut between the rows of a backlog", () => {
  for (let batch = 0; batch < 20; batch++) {
    write(100);
    writeMuch(2 * MIB);
    upkeep.secure();
    expect(logBytes()).toBeLessThan(8 * MIB);
  }
  expect(journal.scans(1, 2_000).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 2_000 }, (_, at) => at + 1),
  );
});

test("a writer in the middle of a row is not waited for, and finds its row whole", () => {
  write(1);
  writeMuch(5 * MIB);
  const writer = new Database(path);
  writer.exec("BEGIN IMMEDIATE");
  upkeep.secure();
  expect(logBytes()).toBeGreaterThan(5 * MIB);
  writer.exec("ROLLBACK");
  writer.close();
  upkeep.secure();
  write(1);
  expect(logBytes()).toBeLessThan(5 * MIB);
});

const US_PER_HOUR = 3_600_000_000;

/** As `firstSeqSince` is meant, by looking at every row. */
function firstByLooking(us: number): number | null {
  return journal.scans(1, 1e9).find(({ pushedUs }) => us <= pushedUs)?.seq ?? null;
}

test("the first seq since a time is found whatever the order of the times", () => {
  const hours = [0.1, 0.2, 0.9, 1.5, 1.4, 7, 7.1, 3, 3.1, 8, 8, 8.2, 0.5, 9];
  for (const [at, hour] of hours.entries()) {
    journal.append([scan(at + 1, { pushedUs: Math.round(hour * US_PER_HOUR) })]);
  }
  journal.dropFrom(14);
  for (let tenth = -1; tenth <= 100; tenth++) {
    const us = (tenth / 10) * US_PER_HOUR;
    expect(journal.firstSeqSince(us), `since hour ${tenth / 10}`).toBe(firstByLooking(us));
  }
});

test("a journal from before hours were kept learns them piece by piece, and answers meanwhile", () => {
  const rows = Array.from({ length: 9_000 }, (_, at) =>
    scan(at + 1, { pushedUs: at * 30_000_000 }),
  );
  journal.append(rows);
  upkeep.close();
  journal.close();
  const old = new Database(path);
  old.exec("DROP TABLE pushed_hours; DROP TRIGGER scans_pushed");
  old.exec("DELETE FROM meta WHERE key = 'pushed_hours'");
  old.close();
  expect(new ScanJournal(path, { readonly: true }).lastSeq()).toBe(9_000);
  journal = new ScanJournal(path);
  journal.claimEpoch(2);
  upkeep = new ScanJournalUpkeep(path, { epoch: 1, keepDays: null, onForget() {} });
  const since = [0, 1, 30_000_000 * 4_000 - 5, 30_000_000 * 8_999, 30_000_000 * 9_000];
  const answers = () => since.map((us) => journal.firstSeqSince(us));
  for (let steps = 1; ; steps++) {
    expect(answers()).toEqual([1, 2, 4_001, 9_000, null]);
    if (upkeep.work()) break;
    journal.append([scan(9_000 + steps, { pushedUs: 5 })]);
    expect(steps).toBeLessThan(20);
  }
  expect(answers()).toEqual([1, 2, 4_001, 9_000, null]);
  expect(journal.meta("pushed_hours")).toBe("whole");
});
