/**
 * Measures appends to a trading journal as the trader makes them, each before its step, and prints one JSON line:
 *     node bench/trading-journal.ts [FOLDER]
 * Raw records of 3 and 27 KB, scans of 50 and 400 assets through the encoder, reading back, fsync.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SegmentLog } from "../src/adapters/event-log/segment-log.ts";
import { EventLog, EventLogReader } from "../src/adapters/event-log/event-log.ts";
import type { ScanEvent } from "../src/domain/trading/events.ts";

const APPENDS = 20_000;
const WARM_UP = 2_000;
const NOW_MS = 1_774_434_030_123;

const root = mkdtempSync(join(process.argv[2] ?? tmpdir(), "dolphin-bench-journal-"));
const result: Record<string, number> = {};
try {
  for (const [name, bytes] of [
    ["3kb", 3_000],
    ["27kb", 27_000],
  ] as const)
    measureRaw(name, bytes);
  for (const assets of [50, 400]) measureScans(assets);
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(result)}\n`);

function measureRaw(name: string, bytes: number): void {
  const journal = new SegmentLog({ root, book: `RAW-${bytes}` }, 1);
  journal.rollTo("2026-03-25");
  const payload = Buffer.alloc(bytes, "payload of the journal's bench ");
  tell(
    `append_${name}`,
    timeEach((index) => {
      payload.writeUInt32LE(index, 0);
      journal.append(index, payload);
    }),
  );
  const syncs = Float64Array.from({ length: 50 }, (_, at) => {
    journal.append(APPENDS + at, payload);
    const startedMs = performance.now();
    journal.sync();
    return (performance.now() - startedMs) * 1_000;
  });
  tell(`append_fdatasync_${name}`, syncs);
  journal.close();
}

function measureScans(assetCount: number): void {
  const place = { root, book: `SCANS-${assetCount}` };
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  const scan = scanOf(assetCount);
  tell(
    `append_scan_${assetCount}`,
    timeEach((index) => {
      scan.index = index;
      scan.seq = index;
      scan.nowMs = NOW_MS + index;
      scan.prices[index % assetCount] = index;
      log.append(scan);
    }),
  );
  log.close();
  const reader = new EventLogReader(place, null);
  const startedMs = performance.now();
  let events = 0;
  for (const event of reader.poll()) events += event.kind === "scan" ? 1 : 0;
  reader.close();
  if (events !== APPENDS) throw new Error(`${APPENDS} scans were written, ${events} read`);
  result[`read_${assetCount}_scans_per_s`] = Math.round(
    events / ((performance.now() - startedMs) / 1_000),
  );
}

/** Microseconds of each append after the warm-up. */
function timeEach(append: (index: number) => void): Float64Array {
  const times = new Float64Array(APPENDS);
  for (let index = 0; index < APPENDS; index++) {
    const startedMs = performance.now();
    append(index);
    times[index] = (performance.now() - startedMs) * 1_000;
  }
  return times.subarray(WARM_UP);
}

function tell(name: string, times: Float64Array): void {
  const sorted = times.toSorted();
  const at = (share: number) => Number(sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1));
  result[`${name}_p50_us`] = at(0.5);
  result[`${name}_p99_us`] = at(0.99);
  result[`${name}_max_us`] = at(1);
}

function scanOf(assetCount: number): { -readonly [key in keyof ScanEvent]: ScanEvent[key] } {
  const values = Float64Array.from({ length: 2 * assetCount }, (_, at) => 100 + Math.sin(at));
  return {
    kind: "scan",
    index: 0,
    nowMs: NOW_MS,
    seq: 0,
    scanNumber: 1,
    asOfMs: NOW_MS,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets: Array.from({ length: assetCount }, (_, at) => `SYN${at}USDT`),
    prices: values,
    pricesAt: 0,
    eigenvalues: values,
    eigenvaluesAt: assetCount,
    eigenvalueCount: assetCount,
    carried: values,
    carriedAt: 0,
  };
}
