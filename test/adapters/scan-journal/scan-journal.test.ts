import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type JournalFile,
  type JournalScan,
  ScanJournal,
  setJournalAside,
} from "../../../src/adapters/scan-journal/scan-journal.ts";
import { codeOf } from "../../../src/domain/failure.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
let path = "";
let open: ScanJournal[] = [];
beforeEach(() => {
  dir = makeTemporaryDirectory("journal");
  path = join(dir, "scan-bridge.db");
  open = [];
});
afterEach(() => {
  for (const journal of open) journal.close();
  removeTemporaryDirectory(dir);
});

function openJournal(epoch?: number, readonly = false): ScanJournal {
  const journal = new ScanJournal(path, { readonly });
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
    scanNumber: seq + 1_000,
    size: 2_000,
    mtimeUs: 1_774_434_030_123_456 + seq,
    timeUs: 1_774_434_030_123_000 + seq,
    late: false,
    replayed: false,
    pushedUs: 1_774_434_031_000_000 + seq,
    ...changes,
  };
}

function file(name: string, verdict: JournalFile["verdict"]): JournalFile {
  return { file: `2026-03-25/${name}`, size: 3, mtimeUs: -5, verdict, atUs: 7 };
}

function errorCode(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return undefined;
}

test("what is written is read again, exactly, also by another", () => {
  const rows = [
    scan(1),
    scan(2, { late: true, scanNumber: Number.MAX_SAFE_INTEGER }),
    scan(3, { replayed: true, mtimeUs: -86_400_000_000, file: "2026-03-25/two\nlines 🐬.arrow" }),
    // The year 2300.
    scan(4, { mtimeUs: 10_413_792_000_000_000, timeUs: 0 }),
  ];
  const other = file("x.arrow", { kind: "quarantined", reason: "truncated", detail: "no end" });
  openJournal(1).append(rows, [other]);
  for (const journal of [open[0]!, openJournal(undefined, true)]) {
    expect(journal.scans(1, 9)).toEqual(rows);
    expect(journal.scan(3)).toEqual(rows[2]);
    expect(journal.scan(5)).toBeNull();
    expect(journal.lastSeq()).toBe(4);
    expect(journal.newestInOrder()?.seq).toBe(4);
    expect(journal.file("2026-03-25/1.arrow")).toMatchObject({
      verdict: { kind: "pushed", seq: 1 },
    });
    expect(journal.file(other.file)).toEqual(other);
    expect(journal.quarantined()).toEqual([other]);
    expect(journal.seqOfHash(rows[1]!.hash)).toBe(2);
    expect(journal.seqOfHash(hashOf(Buffer.from("none")))).toBeNull();
    expect([...journal.names("2026-03-25")]).toHaveLength(5);
    expect([...journal.names("2026-03-26")]).toEqual([]);
    expect(journal.counts()).toEqual({ pushed: 4, duplicates: 0, quarantined: 1 });
  }
  expect(open[0]!.firstSeqSince(rows[2]!.pushedUs)).toBe(3);
});

test("hashes that share their first 48 bits are distinguished", () => {
  const journal = openJournal(1);
  const hash = hashOf(Buffer.from("one"));
  const twin = Buffer.from(hash);
  twin[31] = twin[31]! ^ 1;
  journal.append([scan(1, { hash }), scan(2, { hash: twin })]);
  expect(journal.seqOfHash(hash)).toBe(1);
  expect(journal.seqOfHash(twin)).toBe(2);
});

test("a verdict replaces the one before it", () => {
  const journal = openJournal(1);
  const refused = { kind: "quarantined", reason: "truncated", detail: "" } as const;
  journal.append([], [file("1.arrow", refused)]);
  journal.append([scan(1)]);
  expect(journal.counts()).toEqual({ pushed: 1, duplicates: 0, quarantined: 0 });
});

test("a transaction is whole or nothing", () => {
  const journal = openJournal(1);
  journal.append([scan(1)]);
  expect(
    errorCode(() => journal.append([scan(2), scan(1, { file: "2026-03-25/other.arrow" })])),
  ).toBeDefined();
  expect(journal.lastSeq()).toBe(1);
  expect(journal.file("2026-03-25/2.arrow")).toBeNull();
});

test("only the bridge of the highest epoch writes", () => {
  const older = openJournal(1);
  older.append([scan(1)]);
  const newer = openJournal(2);
  expect(errorCode(() => older.append([scan(2)]))).toBe("JOURNAL_FENCED");
  expect(errorCode(() => older.dropFrom(1))).toBe("JOURNAL_FENCED");
  expect(errorCode(() => older.claimEpoch(2))).toBe("JOURNAL_FENCED");
  newer.append([scan(2)]);
  expect(newer.lastSeq()).toBe(2);
  expect(openJournal().epoch()).toBe(2);
});

test("dropped scans leave neither seq nor verdict; what else was found stays", () => {
  const journal = openJournal(1);
  const copy = file("copy.arrow", { kind: "duplicate", seq: 3 });
  const bad = file("bad.arrow", { kind: "quarantined", reason: "truncated", detail: "" });
  journal.append(
    [1, 2, 3, 4].map((seq) => scan(seq)),
    [copy, bad],
  );
  journal.dropFrom(3);
  expect(journal.lastSeq()).toBe(2);
  expect(journal.file("2026-03-25/4.arrow")).toBeNull();
  expect(journal.file(copy.file)).toBeNull();
  expect(journal.counts()).toEqual({ pushed: 2, duplicates: 0, quarantined: 1 });
});

test("holes between seqs are named", () => {
  const journal = openJournal(1);
  journal.append([1, 2, 5, 6, 9].map((seq) => scan(seq)));
  expect(journal.seqGaps()).toEqual([
    { after: 2, before: 5 },
    { after: 6, before: 9 },
  ]);
});

test("a row whose bytes were changed is found when it is read", () => {
  openJournal(1).append([scan(1), scan(2)]);
  open.pop()!.close();
  const db = new Database(path);
  db.prepare("UPDATE scans SET hash = ? WHERE seq = 2").run(Buffer.alloc(32));
  db.close();
  const journal = openJournal();
  expect(journal.scan(1)?.seq).toBe(1);
  expect(errorCode(() => journal.scan(2))).toBe("JOURNAL_CORRUPT");
  expect(errorCode(() => journal.scans(1, 2))).toBe("JOURNAL_CORRUPT");
});

test("what is no database is corrupt; put aside, a new one takes its place", () => {
  writeFileSync(path, Buffer.alloc(8_192, "garbage"));
  expect(errorCode(() => openJournal())).toBe("JOURNAL_CORRUPT");
  const aside = setJournalAside(path, "7");
  expect(readdirSync(dir)).toEqual(["scan-bridge.db.corrupt-7"]);
  expect(aside).toBe(`${path}.corrupt-7`);
  openJournal(1).append([scan(1)]);
});

test("a later version is refused and not touched", () => {
  const db = new Database(path);
  db.pragma("user_version = 99");
  db.close();
  expect(errorCode(() => openJournal())).toBe("JOURNAL_VERSION");
  const again = new Database(path, { readonly: true });
  expect(again.pragma("journal_mode", { simple: true })).toBe("delete");
  again.close();
});

test("a log cut at any place loses the end and nothing before it", () => {
  const journal = openJournal(1);
  for (let seq = 1; seq <= 20; seq++) journal.append([scan(seq)]);
  // As a death leaves it: no end of the connection that moves the log into the database.
  const copy = join(dir, "copy.db");
  const left: number[] = [];
  for (const share of [0, 0.3, 0.6, 0.9, 1]) {
    for (const suffix of ["", "-wal"]) {
      writeFileSync(copy + suffix, readFileSync(path + suffix));
    }
    truncateSync(`${copy}-wal`, Math.floor(readFileSync(`${copy}-wal`).length * share));
    const cut = new ScanJournal(copy);
    const last = cut.lastSeq();
    expect(cut.scans(1, 99).map(({ seq }) => seq)).toEqual(
      Array.from({ length: last }, (_, at) => at + 1),
    );
    left.push(last);
    cut.close();
    for (const suffix of ["", "-wal", "-shm"]) removeTemporaryDirectory(copy + suffix);
  }
  expect([left[0], left.at(-1)]).toEqual([0, 20]);
  expect(left).toEqual(left.toSorted((a, b) => a - b));
});

test("meta values are kept as text", () => {
  const journal = openJournal(1);
  expect(journal.meta("first_day")).toBeNull();
  journal.setMeta("first_day", "2026-03-25");
  journal.setMeta("done_seq", 12);
  expect([journal.meta("first_day"), journal.meta("done_seq")]).toEqual(["2026-03-25", "12"]);
});

test.each([
  ["a newest row", "UPDATE scans SET hash = zeroblob(32) WHERE seq = 1500"],
  ["the index of the newest rows", "UPDATE scans SET hash48 = 5 WHERE seq = 2950"],
])("of a journal too large to be checked in full, %s is checked", (_what, damage) => {
  const journal = openJournal(1);
  journal.append(Array.from({ length: 3_000 }, (_, at) => scan(at + 1)));
  journal.setMeta("much", "x".repeat(65 * 1_048_576));
  journal.close();
  open = [];
  openJournal(2).close();
  open = [];
  const db = new Database(path);
  db.exec(damage);
  db.close();
  expect(errorCode(() => openJournal())).toBe("JOURNAL_CORRUPT");
});

test("a lock that is kept is waited for once; later tries return soon, until one succeeds", () => {
  const journal = openJournal(1);
  const other = new Database(path);
  const refusedAfterMs = (seq: number) => {
    const startedMs = performance.now();
    expect(errorCode(() => journal.append([scan(seq)]))).toBe("JOURNAL_UNAVAILABLE");
    return performance.now() - startedMs;
  };
  other.exec("BEGIN IMMEDIATE");
  const patientMs = refusedAfterMs(1);
  const hastyMs = Math.min(...[1, 2, 3].map(() => refusedAfterMs(1)));
  expect(hastyMs).toBeLessThan(patientMs / 4);
  other.exec("COMMIT");
  journal.append([scan(1)]);
  other.exec("BEGIN IMMEDIATE");
  expect(refusedAfterMs(2)).toBeGreaterThan(4 * hastyMs);
  other.close();
  expect(journal.lastSeq()).toBe(1);
});
