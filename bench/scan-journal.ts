/**
 * The cost of the bridge's journal for a live scan, in microseconds: its row into the slot, for which the scan waits,
 * and from there into the database, for which it does not; 40 scans a second. Prints one JSON line:
 *     node bench/scan-journal.ts [--seconds 30]
 * without any sync, with a checkpoint each second in the same thread, and with the bridge's upkeep in another thread.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { type JournalScan, ScanJournal } from "../src/adapters/scan-journal/scan-journal.ts";
import { startUpkeep } from "../src/services/scan-bridge/upkeep.ts";
import { hashOf } from "../src/wire/scan-hash.ts";
import { percentile } from "./harness/statistics.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" } } });
const SECONDS = Number(values.seconds);
const SCANS_PER_SECOND = 40;
/** So that the indices have many pages. */
const OLD_ROWS = 200_000;
const OLD_PER_ROUND = 10_000;
const NOW_US = 1_774_434_030_123_456;

/** Returns what to do each second, and at the end. */
type Arrangement = (path: string) => { each: () => void; end: () => Promise<void> };

const ARRANGEMENTS: Readonly<Record<string, Arrangement>> = {
  no_sync: () => ({ each() {}, async end() {} }),
  same_thread(path) {
    const db = new Database(path);
    db.pragma("synchronous = NORMAL");
    return {
      each: () => void db.pragma("wal_checkpoint(PASSIVE)"),
      async end() {
        db.close();
      },
    };
  },
  beside(path) {
    const upkeep = startUpkeep({ journalFile: path, epoch: 1, keepDays: null }, ({ line }) =>
      process.stderr.write(line),
    );
    return { each() {}, end: () => upkeep.stop() };
  },
};

const result: Record<string, unknown> = {};
for (const [name, arrangement] of Object.entries(ARRANGEMENTS)) {
  const root = mkdtempSync(join(tmpdir(), "dolphin-bench-scan-journal-"));
  try {
    result[name] = await measure(join(root, "scan-bridge.db"), arrangement);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
process.stdout.write(`${JSON.stringify(result)}\n`);

async function measure(path: string, arrangement: Arrangement) {
  const journal = new ScanJournal(path);
  journal.claimEpoch(1);
  for (let from = 1; from <= OLD_ROWS; from += OLD_PER_ROUND) {
    journal.append(Array.from({ length: OLD_PER_ROUND }, (_, at) => scanOf(from + at)));
  }
  const beside = arrangement(path);
  await sleep(1_500);
  const times = { ahead: [] as number[], row: [] as number[], second: [] as number[] };
  const startedMs = performance.now();
  for (let at = 1; at <= SECONDS * SCANS_PER_SECOND; at++) {
    await sleep(Math.max(0, startedMs + (at * 1_000) / SCANS_PER_SECOND - performance.now()));
    const scan = scanOf(OLD_ROWS + at);
    times.ahead.push(timed(() => journal.appendAhead([scan], [])));
    times.row.push(timed(() => void journal.flush()));
    if (at % SCANS_PER_SECOND === 0) times.second.push(timed(beside.each));
  }
  await beside.end();
  journal.close();
  return Object.fromEntries(
    Object.entries(times).map(([name, us]) => [
      name,
      { p50: Math.round(percentile(us, 50)), p99: Math.round(percentile(us, 99)) },
    ]),
  );
}

function scanOf(seq: number): JournalScan {
  return {
    seq,
    epoch: 1,
    file: `2026-03-25/scan_${seq}.arrow`,
    hash: hashOf(Buffer.from(`scan ${seq}`)),
    scanNumber: seq,
    size: 2_000,
    mtimeUs: NOW_US + seq,
    timeUs: NOW_US + seq,
    late: false,
    replayed: false,
    pushedUs: NOW_US + seq,
  };
}

/** Microseconds. */
function timed(act: () => void): number {
  const startedMs = performance.now();
  act();
  return (performance.now() - startedMs) * 1_000;
}
