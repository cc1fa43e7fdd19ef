/**
 * A power cut: each sector that was not synced is on disk or not. What is synced, and in which order, is determined by
 * the upkeep and SQLite: the log, then the database from it, then the log's new header.
 */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScanJournalUpkeep } from "../../../src/adapters/scan-journal/journal-upkeep.ts";
import { type JournalScan, ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const SECTOR = 512;
/** More than the log keeps: the next upkeep moves it into the database. */
const MUCH_BYTES = 5 * 1_048_576;
const random = seededRandom(15);
let dir = "";
let path = "";
let journal: ScanJournal;
let upkeep: ScanJournalUpkeep;
let seq = 0;
beforeEach(() => {
  dir = makeTemporaryDirectory("power-cut");
  path = join(dir, "scan-bridge.db");
  journal = new ScanJournal(path);
  journal.claimEpoch(1);
  upkeep = new ScanJournalUpkeep(path, { epoch: 1, keepDays: null, onForget() {} });
  seq = 0;
});
afterEach(() => {
  upkeep.close();
  journal.close();
  removeTemporaryDirectory(dir);
});

type Disk = { readonly db: Buffer; readonly log: Buffer; readonly slot: Buffer };

test("a power cut costs the rows after the last sync, from some row on, and no other", () => {
  let costly = 0;
  for (let cut = 0; cut < 25; cut++) {
    writeSome();
    upkeep.secure();
    const syncedSeq = seq;
    const synced = disk();
    writeSome();
    const written = disk();
    const kept = afterCut({
      db: written.db,
      log: mixed(synced.log, written.log),
      slot: mixed(synced.slot, written.slot),
    });
    expect(kept, `cut ${cut}`).toMatchObject({ check: "ok", gaps: [], damaged: [] });
    expect(kept.lastSeq).toBeGreaterThanOrEqual(syncedSeq);
    expect(kept.lastSeq).toBeLessThanOrEqual(seq);
    if (kept.lastSeq < seq) costly += 1;
  }
  expect(costly).toBeGreaterThan(5);
});

test("a power cut while the log is moved into the database costs nothing", () => {
  for (let cut = 0; cut < 4; cut++) {
    writeSome();
    journal.setMeta("much", String(cut).repeat(MUCH_BYTES));
    writeSome();
    const written = disk();
    upkeep.secure();
    const moved = disk();
    expect(moved.log.length).toBeLessThan(written.log.length);
    const header = Buffer.from(written.log);
    moved.log.copy(header, 0, 0, SECTOR);
    const states: Record<string, Disk> = {
      "the database half written": { ...written, db: mixed(written.db, moved.db) },
      "the log's header anew": { ...moved, log: header },
      "the log half anew": { ...moved, log: mixed(header, moved.log) },
    };
    for (const [what, state] of Object.entries(states)) {
      const kept = afterCut(state);
      expect(kept, `cut ${cut}, ${what}`).toMatchObject({ check: "ok", gaps: [], damaged: [] });
      expect(kept.lastSeq, `cut ${cut}, ${what}`).toBe(seq);
    }
  }
});

function writeSome(): void {
  for (let count = 1 + Math.floor(random.uniform() * 20); 0 < count; count--) {
    journal.appendAhead([scan(++seq)], []);
    journal.flush();
  }
}

/** Opens it as the next bridge does, writes, and checks all. */
function afterCut({ db, log, slot }: Disk) {
  const torn = join(dir, "torn.db");
  writeFileSync(torn, db);
  writeFileSync(`${torn}-wal`, log);
  writeFileSync(`${torn}.ahead-1`, slot);
  // Of no use to who opens first, and there.
  copyFileSync(`${path}-shm`, `${torn}-shm`);
  const heir = new ScanJournal(torn);
  const lastSeq = heir.lastSeq();
  heir.claimEpoch(2);
  heir.append([scan(heir.lastSeq() + 1)]);
  const damaged = heir
    .scans(1, lastSeq)
    .filter((row) => !row.hash.equals(scan(row.seq).hash) || heir.file(row.file) === null)
    .map((row) => row.seq);
  const gaps = heir.seqGaps();
  heir.close();
  const checked = new Database(torn, { readonly: true });
  const check = checked.pragma("integrity_check", { simple: true });
  checked.close();
  return { lastSeq, gaps, damaged, check };
}

/** By a copy: this process must not close the files of a database that it has open. */
function read(file: string): Buffer {
  if (!existsSync(file)) return Buffer.alloc(0);
  copyFileSync(file, join(dir, "copy"));
  return readFileSync(join(dir, "copy"));
}

function disk(): Disk {
  return { db: read(path), log: read(`${path}-wal`), slot: read(`${path}.ahead-1`) };
}

/** Each sector as it was or as it is; of the length of one of both. */
function mixed(before: Buffer, after: Buffer): Buffer {
  const result = Buffer.alloc((random.uniform() < 0.5 ? before : after).length);
  for (let at = 0; at < result.length; at += SECTOR) {
    const source = random.uniform() < 0.5 ? before : after;
    if (at < source.length) source.copy(result, at, at, at + SECTOR);
  }
  return result;
}

function scan(of: number): JournalScan {
  return {
    seq: of,
    epoch: 1,
    file: `2026-03-25/${of}.arrow`,
    hash: hashOf(Buffer.from(`bytes ${of}`)),
    scanNumber: of,
    size: 2_000,
    mtimeUs: of,
    timeUs: of,
    late: false,
    replayed: false,
    pushedUs: of,
  };
}
