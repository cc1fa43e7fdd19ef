/**
 * From compacted days to the tear sheet: `dolphin backtest run --local` over a year of scans every 5 s of 50 assets
 * (6.3 million, generated from a seed): its time and its peak resident memory, compared with the time that the disk
 * alone takes to read the same files. Both start with an empty page cache.
 *
 *     npm run --silent bench:backtest-year -- [--days 365] [--assets 50] [--dir DIR] [--json]
 *
 * A day takes 9 MB; DIR is the folder for them (default: the temporary folder), and is removed.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compactedFolder, compactedName } from "../src/adapters/archive/days/compacted-days.ts";
import { type Random, seededRandom } from "../src/domain/simulator/random.ts";
import { createDayWriter } from "../src/wire/day-file/day-writer.ts";
import { HASH_BYTES, type ArchiveChunk } from "../src/wire/day-file/archive-chunk.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const DOLPHIN = resolve(import.meta.dirname, "../bin/dolphin");
const FIRST_S = Date.parse("2025-01-01T00:00:00Z") / 1_000;
const DAY_S = 86_400;
const STEP_S = 5;
const SCANS_PER_DAY = DAY_S / STEP_S;
/** What a scan file of 50 assets has. */
const FILE_BYTES = 2_500;
const MB = 1_048_576;
const POLL_EVERY_MS = 50;
const MEMORY_TARGET_MB = 250;

type Market = {
  readonly random: Random;
  readonly prices: Float64Array;
  largest: number;
};

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    days: { type: "string", default: "365" },
    assets: { type: "string", default: "50" },
    dir: { type: "string", default: tmpdir() },
  },
});
const days = Number(values.days);
const assetCount = Number(values.assets);

const root = mkdtempSync(join(values.dir, "dolphin-backtest-year-"));
const archive = join(root, "archive");
try {
  makeArchive();
  const files = globSync("**/*", { cwd: compactedFolder(archive), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  forget(files);
  const disk = readAll(files);
  forget(files);
  const run = await runBacktest();
  const { report } = JSON.parse(readFileSync(join(root, "out/report.json"), "utf8"));
  const result = {
    days,
    scans: report.run.scans,
    assets: assetCount,
    archive_mb: rounded(disk.bytes / MB, 0),
    disk_s: rounded(disk.ms / 1_000, 1),
    run_s: rounded(run.ms / 1_000, 1),
    run_over_disk: rounded(run.ms / disk.ms, 1),
    scans_per_s: rounded((report.run.scans / run.ms) * 1_000, 0),
    peak_rss_mb: rounded(run.peakMb, 0),
    peak_target_mb: MEMORY_TARGET_MB,
    trades: report.trades.count,
    sharpe: report.risk.sharpe,
    machine: machine(),
  };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
} finally {
  rmSync(root, { recursive: true });
}

/** Written as `archive compact` writes it, but from columns: 17,280 scan files a day would take an hour. */
function makeArchive(): void {
  mkdirSync(compactedFolder(archive), { recursive: true });
  const assets = Array.from({ length: assetCount }, (_, at) => `ASSET${at}USDT`);
  const market = {
    random: seededRandom(1),
    prices: Float64Array.from(assets, (_, at) => 100 * (at + 1)),
    largest: 0.4 * assetCount,
  };
  for (let day = 0; day < days; day += 1) {
    const name = new Date((FIRST_S + day * DAY_S) * 1_000).toISOString().slice(0, 10);
    const blocks: Uint8Array[] = [];
    const writer = createDayWriter((bytes) => void blocks.push(bytes.slice()));
    writer.add(chunkOf({ name, at: day }, assets, market));
    const hash = writer.finish({ day: name, folder_mtime_ns: null, others: [] });
    writeFileSync(join(compactedFolder(archive), compactedName(name, hash)), Buffer.concat(blocks));
    if (day % 50 === 49) note(`${day + 1} of ${days} days`);
  }
}

function chunkOf(
  day: { readonly name: string; readonly at: number },
  assets: readonly string[],
  market: Market,
): ArchiveChunk {
  const rows = SCANS_PER_DAY;
  const numbers = (valueAt: (row: number) => number) =>
    Float64Array.from({ length: rows }, (_, row) => valueAt(row));
  const scanNumber = numbers((row) => day.at * rows + row + 1);
  const timesUs = numbers((row) => (FIRST_S + day.at * DAY_S + row * STEP_S) * 1e6);
  const prices = new Float64Array(rows * assets.length);
  const eigenvalues = numbers((row) => {
    stepMarket(market);
    prices.set(market.prices, row * assets.length);
    return market.largest;
  });
  return {
    assets,
    rows,
    prices,
    eigenvalues,
    eigenvalueOffsets: Int32Array.from({ length: rows + 1 }, (_, row) => row),
    timesUs,
    fileTimeUs: timesUs,
    mtimeUs: timesUs,
    sizes: numbers(() => FILE_BYTES),
    seq: new Float64Array(rows),
    scanNumber,
    // Of no file, but as different from each other as those of files are.
    checksums: new Uint32Array(randomBytes(4 * rows).buffer, 0, rows),
    hashes: randomBytes(rows * HASH_BYTES),
    file: (row) => `${day.name}/scan_${String(scanNumber[row]).padStart(8, "0")}.arrow`,
  };
}

/** One factor moves all of them, and how much of them it is comes and goes. */
function stepMarket(market: Market): void {
  const { prices, random } = market;
  const pull = 0.01 * (0.4 * prices.length - market.largest);
  const moved = market.largest + pull + 0.01 * prices.length * random.normal();
  market.largest = Math.min(Math.max(moved, 1), 0.95 * prices.length);
  const weight = Math.sqrt(market.largest / prices.length);
  const factor = random.normal();
  const own = Math.sqrt(1 - weight * weight);
  for (let at = 0; at < prices.length; at += 1) {
    prices[at]! *= Math.exp(0.000_3 * (weight * factor + own * random.normal()));
  }
}

/** Drops the file from the page cache: GNU `dd` makes the call that Node lacks. */
function forget(paths: readonly string[]): void {
  execFileSync("sync");
  for (const path of paths) {
    const args = [`if=${path}`, "of=/dev/null", "iflag=nocache", "count=0", "status=none"];
    execFileSync("dd", args);
  }
}

function readAll(paths: readonly string[]): { readonly bytes: number; readonly ms: number } {
  const buffer = Buffer.alloc(MB);
  const startedMs = performance.now();
  let bytes = 0;
  for (const path of paths) {
    const fd = openSync(path, "r");
    for (let read = -1; read !== 0; bytes += read) read = readSync(fd, buffer);
    closeSync(fd);
  }
  return { bytes, ms: performance.now() - startedMs };
}

/** The peak is the kernel's own, looked at until the process is gone. */
async function runBacktest(): Promise<{ readonly ms: number; readonly peakMb: number }> {
  const args = ["backtest", "run", "--local", "--archive", archive, "--out", join(root, "out")];
  const startedMs = performance.now();
  const child = spawn(DOLPHIN, [...args, "--data-dir", join(root, "data")], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  let peakKb = 0;
  const polling = setInterval(() => {
    peakKb = Math.max(peakKb, peakOf(child.pid));
  }, POLL_EVERY_MS);
  const code = await new Promise((settle) => child.on("exit", settle));
  clearInterval(polling);
  if (code !== 0) throw new Error(`the backtest ended with ${String(code)}`);
  return { ms: performance.now() - startedMs, peakMb: peakKb / 1_024 };
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
