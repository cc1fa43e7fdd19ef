/**
 * Measures the bulk reader of the archive, on scan files and on compacted days, warm, and prints one JSON line:
 *     node bench/archive-read.ts [--days 5] [--scans 20000] [--assets 50] [--rounds 9]
 * `scans` is per day. Every price and eigenvalue is summed, so that all of them are read.
 */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compactedFolder } from "../src/adapters/archive/days/compacted-days.ts";
import { readScans } from "../src/adapters/archive/days/read-scans.ts";
import { seededRandom } from "../src/domain/simulator/random.ts";
import { createScanEncoder } from "../src/wire/arrow-writer.ts";
import { compactDays } from "./harness/day-archive.ts";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "5" },
    scans: { type: "string", default: "20000" },
    assets: { type: "string", default: "50" },
    rounds: { type: "string", default: "9" },
  },
});
const [dayCount, scansADay, assetCount, rounds] = [
  Number(values.days),
  Number(values.scans),
  Number(values.assets),
  Number(values.rounds),
];
const SCAN_EVERY_S = 4;
const FIRST_DAY_S = Date.parse("2026-03-02T00:00:00Z") / 1_000;
const SECONDS_A_DAY = 86_400;

const archive = mkdtempSync(join(tmpdir(), "dolphin-archive-read-"));
const days = Array.from({ length: dayCount }, (_, at) => dayName(at));

function dayName(at: number): string {
  return new Date((FIRST_DAY_S + at * SECONDS_A_DAY) * 1_000).toISOString().slice(0, 10);
}

function writeArchive(): void {
  const random = seededRandom(20_260_302);
  const assets = Array.from({ length: assetCount }, (_, at) => `SYN${at}USDT`);
  const encode = createScanEncoder(assets);
  let scanNumber = 0;
  for (const [dayAt, day] of days.entries()) {
    mkdirSync(join(archive, day));
    for (let at = 0; at < scansADay; at += 1) {
      scanNumber += 1;
      const timeS = FIRST_DAY_S + dayAt * SECONDS_A_DAY + at * SCAN_EVERY_S;
      const path = join(archive, day, `scan_${String(scanNumber).padStart(8, "0")}.arrow`);
      const eigenvalues = Float64Array.from(assets, () => random.uniform() * 3);
      const bytes = encode({
        scanNumber,
        timestampMicros: timeS * 1_000_000,
        prices: Float64Array.from(assets, () => random.uniform() * 1e4 + 1),
        eigenvalues: eigenvalues.toSorted().toReversed(),
      });
      writeFileSync(path, bytes);
      utimesSync(path, timeS + 0.25, timeS + 0.25);
    }
    const folderS = FIRST_DAY_S + (dayAt + 1) * SECONDS_A_DAY;
    utimesSync(join(archive, day), folderS, folderS);
  }
}

/** Scans a second over the whole archive: the median of the rounds, after one that is not counted. */
async function medianRate(): Promise<{ readonly rate: number; readonly sums: string }> {
  const rates: number[] = [];
  let sums = "";
  for (let round = 0; round <= rounds; round += 1) {
    let rows = 0;
    let priceSum = 0;
    let eigenvalueSum = 0;
    const started = performance.now();
    for await (const chunk of readScans(archive, { from: null, to: null })) {
      rows += chunk.rows;
      for (let at = 0; at < chunk.prices.length; at += 1)
        priceSum += chunk.prices[at] ?? Number.NaN;
      const end = chunk.eigenvalueOffsets[chunk.rows] ?? 0;
      for (let at = chunk.eigenvalueOffsets[0] ?? 0; at < end; at += 1) {
        eigenvalueSum += chunk.eigenvalues[at] ?? Number.NaN;
      }
    }
    if (rows !== dayCount * scansADay) throw new Error(`${rows} scans were read`);
    sums = `${priceSum} ${eigenvalueSum}`;
    if (0 < round) rates.push((rows * 1_000) / (performance.now() - started));
  }
  return { rate: Math.round(rates.toSorted((a, b) => a - b)[rounds >> 1] ?? 0), sums };
}

try {
  writeArchive();
  const loose = await medianRate();
  const started = performance.now();
  await compactDays(archive, days);
  const compactS = (performance.now() - started) / 1_000;
  const compacted = await medianRate();
  if (compacted.sums !== loose.sums) throw new Error("the compacted files tell other numbers");
  const result = {
    assets: assetCount,
    scans: dayCount * scansADay,
    rounds,
    per_scan_files_per_s: loose.rate,
    compacted_scans_per_s: compacted.rate,
    compacting_and_verifying_files_per_s: Math.round((dayCount * scansADay) / compactS),
    rss_mb: Math.round(process.resourceUsage().maxRSS / 1_024),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(compactedFolder(archive), { recursive: true, force: true });
  rmSync(archive, { recursive: true });
}
