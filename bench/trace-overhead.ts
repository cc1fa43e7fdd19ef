/**
 * What recording the times of `dolphin trace` costs the bridge: the work per scan with and without them, alternating,
 * relative to all work on a live scan except Hazelcast: hash, decode, number, encode, journal. Rows without times are
 * written as rows of an older bridge; the two clock readings count, too.
 *     node bench/trace-overhead.ts [--rounds 600] [--assets 50]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wallMicros } from "../src/adapters/clock.ts";
import { type JournalScan, ScanJournal } from "../src/adapters/scan-journal/scan-journal.ts";
import { readScanFast } from "../src/wire/arrow/read-scan.ts";
import { createScanEncoder } from "../src/wire/arrow-writer.ts";
import { hashOf } from "../src/wire/scan-hash.ts";
import { encodeScanValue } from "../src/wire/scan-value.ts";
import { median, rounded } from "./harness/statistics.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "600" },
    assets: { type: "string", default: "50" },
  },
});
const ROUNDS = Number(values.rounds);
const ASSETS = Array.from({ length: Number(values.assets) }, (_, at) => `A${at}USDT`);
const SCANS_PER_ROUND = 20;
const NOW_US = 1_774_434_030_123_456;

const encode = createScanEncoder(ASSETS);
const files = Array.from({ length: SCANS_PER_ROUND }, (_, at) =>
  encode({
    scanNumber: at + 1,
    timestampMicros: NOW_US + at,
    prices: Float64Array.from(ASSETS, (_name, asset) => 1 + asset / (at + 3)),
    eigenvalues: Float64Array.from(ASSETS, (_name, asset) => ASSETS.length - asset),
  }),
);

const root = mkdtempSync(join(tmpdir(), "dolphin-bench-trace-"));
try {
  const without = openSide("without", false);
  const withTimes = openSide("with", true);
  const us = { without: [] as number[], with: [] as number[] };
  // A round of each first, for the compiler.
  for (let round = -4; round < ROUNDS; round += 1) {
    const sides = round % 2 === 0 ? [without, withTimes] : [withTimes, without];
    for (const side of sides) {
      const took = side.round();
      if (0 <= round) us[side.name].push(took);
    }
  }
  // Both sides of a round have the same machine: what disturbs one of them disturbs either as often.
  const added = median(us.with.map((took, round) => took - us.without[round]!));
  const without_us = median(us.without);
  process.stdout.write(
    `${JSON.stringify({
      us_per_scan: { without: rounded(without_us), least: rounded(Math.min(...us.without)) },
      added_us: rounded(added),
      added_percent: rounded((added / without_us) * 100),
    })}\n`,
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}

function openSide(name: "without" | "with", keepsTimes: boolean) {
  const journal = new ScanJournal(join(root, `${name}.db`));
  journal.claimEpoch(1);
  let seq = 0;
  const push = (bytes: Uint8Array): void => {
    seq += 1;
    const seenUs = wallMicros();
    const hash = hashOf(Buffer.concat([bytes, Buffer.from(`${seq}`)]));
    journal.seqOfHash(hash);
    const read = readScanFast(bytes);
    if (read.kind !== "scan") throw new Error(`the scan is ${read.kind}`);
    const times = keepsTimes ? { seenUs, decodedUs: wallMicros() } : {};
    const row: JournalScan = {
      seq,
      epoch: 1,
      file: `2026-03-25/scan_${seq}.arrow`,
      hash,
      scanNumber: seq,
      size: bytes.length,
      mtimeUs: NOW_US + seq,
      timeUs: NOW_US + seq,
      late: false,
      replayed: false,
      pushedUs: wallMicros(),
      ...times,
    };
    encodeScanValue(read.scan.json, { ...row, instance: "bench", bridgeUs: row.pushedUs });
    journal.appendAhead([row], []);
    journal.flush();
  };
  return {
    name,
    /** Microseconds a scan: all of it is work of this thread. */
    round(): number {
      const before = performance.now();
      for (const bytes of files) push(bytes);
      return ((performance.now() - before) * 1_000) / files.length;
    },
  };
}
