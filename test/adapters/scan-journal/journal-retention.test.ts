import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { auditArchive } from "../../../src/cli/archive/archive-audit.ts";
import { loadConfig } from "../../../src/config.ts";
import { ScanJournalUpkeep } from "../../../src/adapters/scan-journal/journal-upkeep.ts";
import { type JournalScan, ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const DAYS = 20;
const PER_DAY = 250;
const LAST = DAYS * PER_DAY;
const RING_CAPACITY = 2_000;
const US_PER_DAY = 86_400_000_000;
const FIRST_US = Date.UTC(2026, 2, 1) * 1_000;
let dir = "";
let path = "";
let journal: ScanJournal;
let upkeep: ScanJournalUpkeep | null = null;
let removed: { readonly day: string; readonly seq: number }[] = [];
beforeEach(() => {
  dir = makeTemporaryDirectory("journal-retention");
  path = join(dir, "journal", "scan-bridge.db");
  mkdirSync(join(dir, "journal"));
  journal = new ScanJournal(path);
  journal.claimEpoch(1);
  removed = [];
});
afterEach(() => {
  upkeep?.close();
  upkeep = null;
  journal.close();
  removeTemporaryDirectory(dir);
});

/** Days 1 to 20 of March, in order. */
function scan(seq: number, changes: Partial<JournalScan> = {}): JournalScan {
  const us = FIRST_US + Math.floor(((seq - 1) * US_PER_DAY) / PER_DAY) + 1;
  return {
    seq,
    epoch: 1,
    file: `${new Date(us / 1_000).toISOString().slice(0, 10)}/${seq}.arrow`,
    hash: hashOf(Buffer.from(`bytes ${seq}`)),
    scanNumber: seq,
    size: 3,
    mtimeUs: us,
    timeUs: us,
    late: false,
    replayed: false,
    pushedUs: us,
    ...changes,
  };
}

function scans(changes: Partial<JournalScan> = {}): readonly JournalScan[] {
  return Array.from({ length: LAST }, (_, at) => scan(at + 1, changes));
}

function tell(before: (typeof removed)[number]): void {
  removed.push(before);
}

/** Until nothing is left to do. */
function prune(keepDays: number | null, epoch = 1): void {
  upkeep = new ScanJournalUpkeep(path, { epoch, keepDays, onForget: tell });
  for (let steps = 0; !upkeep.work(); steps++) expect(steps).toBeLessThan(1_000);
}

function rowsLeft() {
  const db = new Database(path, { readonly: true });
  const count = (sql: string) => db.prepare(sql).pluck().get();
  const left = {
    firstSeq: count("SELECT min(seq) FROM scans"),
    firstDay: count("SELECT min(day) FROM files"),
    pruned: count("SELECT count(*) FROM pruned"),
    check: db.pragma("integrity_check", { simple: true }),
  };
  db.close();
  return left;
}

test("days older than the newest scan's by so many go, and are said to be not ours", () => {
  journal.append(scans());
  journal.setMeta("first_day", "2026-02-01");
  prune(10);
  // The newest is of the end of 20 March.
  expect(rowsLeft()).toEqual({
    firstSeq: 9 * PER_DAY + 1,
    firstDay: "2026-03-10",
    pruned: 9 * PER_DAY,
    check: "ok",
  });
  expect(removed.at(-1)).toEqual({ day: "2026-03-10", seq: 9 * PER_DAY + 1 });
  expect(journal.meta("proved_day")).toBe("2026-03-10");
  expect(journal.meta("first_day")).toBe("2026-03-10");
  expect(Number(journal.meta("proved_seq"))).toBe(9 * PER_DAY + 1);
  expect(journal.seqGaps()).toEqual([]);
  expect(journal.unbrokenFrom()).toBe(9 * PER_DAY + 1);
});

test("the bytes of a scan that went still have their seq, before and after its hash is learned", () => {
  journal.append(scans());
  // Half of the scans are learned before they go.
  journal.learnHashes(1_000);
  prune(7);
  const next = new ScanJournal(path);
  for (const owner of [journal, next]) {
    expect(owner.seqOfHash(scan(1).hash)).toBe(1);
    for (let turn = 0; !owner.learnHashes(700); turn++) expect(turn).toBeLessThan(20);
    for (let seq = 1; seq <= LAST; seq += 7) expect(owner.seqOfHash(scan(seq).hash)).toBe(seq);
    expect(owner.seqOfHash(hashOf(Buffer.from("new")))).toBeNull();
  }
  next.close();
});

test("the newest scans stay, whatever their age: seqs go on", () => {
  const old = scans().map((row) => ({ ...row, file: row.file.replace("2026-03", "2026-01") }));
  journal.append(old);
  journal.append([
    scan(LAST + 1, { timeUs: FIRST_US + 900 * US_PER_DAY, file: "2028-08-17/x.arrow" }),
  ]);
  prune(7);
  expect(rowsLeft()).toMatchObject({ firstSeq: LAST + 1 - RING_CAPACITY + 1, check: "ok" });
  expect(journal.lastSeq()).toBe(LAST + 1);
  expect(journal.scan(LAST + 1 - RING_CAPACITY + 1)).not.toBeNull();
});

test.each<[string, () => readonly JournalScan[]]>([
  ["was pushed just now", () => scans({ pushedUs: FIRST_US + DAYS * US_PER_DAY })],
  [
    "had a late file just now",
    () => [
      ...scans(),
      scan(LAST + 1, {
        file: "2026-03-01/late.arrow",
        late: true,
        pushedUs: FIRST_US + DAYS * US_PER_DAY,
      }),
    ],
  ],
  ["is young", () => scans().filter(({ seq }) => 13 * PER_DAY < seq)],
])("a day stays with all after it when it %s", (_what, rows) => {
  journal.append(rows());
  const before = rowsLeft();
  prune(7);
  expect(rowsLeft()).toEqual(before);
  expect(removed).toEqual([]);
  expect(journal.meta("proved_day")).toBeNull();
});

test("a clock that is years ahead for a while leaves the last days ours", () => {
  journal.append(scans());
  journal.setMeta("first_day", "2026-03-01");
  const aheadUs = FIRST_US + (DAYS + 800) * US_PER_DAY;
  const file = `${new Date(aheadUs / 1_000).toISOString().slice(0, 10)}/ahead.arrow`;
  journal.append([scan(LAST + 1, { file, timeUs: aheadUs, pushedUs: aheadUs })]);
  prune(400);
  // Six days of March, and the one that has not come yet.
  expect(journal.meta("first_day")).toBe("2026-03-15");
  expect(journal.meta("proved_day")).toBe("2026-03-15");
  expect(journal.file(scan(LAST).file)).not.toBeNull();
});

test("nothing goes without a limit, and nothing of a journal that another bridge owns", () => {
  journal.append(scans());
  const before = rowsLeft();
  prune(null);
  upkeep?.close();
  journal.claimEpoch(2);
  prune(7, 1);
  expect(rowsLeft()).toEqual(before);
});

test("rows go fifty at a time, after it was said that they do", () => {
  journal.append(scans());
  upkeep = new ScanJournalUpkeep(path, { epoch: 1, keepDays: 7, onForget() {} });
  const reader = new Database(path, { readonly: true });
  const firstSeq = reader.prepare<[], number>("SELECT min(seq) FROM scans").pluck();
  let gone = 0;
  for (let isDone = false; !isDone;) {
    isDone = upkeep.work();
    const now = (firstSeq.get() ?? 0) - 1;
    expect(now).toBeLessThanOrEqual(gone + 50);
    expect(now).toBeLessThan(Number(journal.meta("proved_seq") ?? 1));
    gone = now;
  }
  reader.close();
  expect(gone).toBe(12 * PER_DAY);
});

test("the audit leaves days that went alone, and says so", () => {
  journal.append(scans());
  journal.setMeta("first_day", "2026-03-01");
  const archive = join(dir, "archive");
  for (const { file } of [scan(1), scan(LAST)]) {
    mkdirSync(join(archive, file.slice(0, 10)), { recursive: true });
    writeFileSync(join(archive, file), "abc");
  }
  prune(7);
  const { config } = loadConfig({
    env: { DOLPHIN_ARCHIVE: archive, DOLPHIN_DATA_DIR: dir },
    cwd: dir,
  });
  const audit = auditArchive(config, { deep: false, days: null, onProgress() {} });
  expect(audit.not_ours_before).toBe("2026-03-13");
  expect(Object.keys(audit.days)).toEqual(["2026-03-20"]);
  expect(audit.seq_gaps).toEqual([]);
});
