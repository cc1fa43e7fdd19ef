/**
 * The resident memory of a sweep: `dolphin backtest sweep --local` with 10,000 sets, walked forward through 12 folds of
 * 365 training days, over an archive with one scan a day. Growth with sets, folds and days shows here; growth with
 * scans does not (see bench:backtest).
 *
 *     npm run --silent bench:sweep-memory [-- --json --sets 10000 --folds 12 --days 365 --workers 2]
 *
 * All threads belong to one process, so the kernel's peak of that process is the peak of all.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../src/domain/time.ts";
import { createScanEncoder } from "../src/wire/arrow-writer.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine } from "./harness/options.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const DOLPHIN = resolve(import.meta.dirname, "../bin/dolphin");
const ASSETS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"];
const FIRST_MS = Date.parse("2024-01-01T12:00:00Z");
const TEST_DAYS = 30;
const SAMPLE_EVERY_MS = 50;
const KB_PER_MB = 1_024;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    sets: { type: "string", default: "10000" },
    folds: { type: "string", default: "12" },
    days: { type: "string", default: "365" },
    workers: { type: "string", default: "2" },
  },
});
const [sets, folds, days] = [Number(values.sets), Number(values.folds), Number(values.days)];
const root = mkdtempSync(join(tmpdir(), "dolphin-sweep-memory-"));
try {
  writeArchive(join(root, "archive"), days + folds * TEST_DAYS);
  const began = performance.now();
  const peakMb = await peakOf(spawnSweep());
  const record = JSON.parse(readFileSync(join(root, "out/sweep.json"), "utf8"));
  const result = {
    sets: record.trials,
    folds: record.walkForward.folds.length,
    days_a_fold: record.walkForward.trainDays,
    workers: Number(values.workers),
    rss_peak_mb: rounded(peakMb, 1),
    seconds: rounded((performance.now() - began) / 1_000, 1),
    result_hash: record.resultHash,
    machine: machine(),
  };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
} finally {
  rmSync(root, { recursive: true });
}

function spawnSweep() {
  const [least, most] = [0.0001, 0.01];
  const down = Math.ceil(Math.sqrt(sets));
  const across = Math.floor(sets / down);
  const steps = (count: number) =>
    Array.from({ length: count }, (_, at) => least + ((most - least) * at) / count).join(",");
  const short = ["shortWindow=2", "longWindow=5", "normalizeScans=10", "droppedScans=2"];
  const quick = ["volatilityScans=5", "volatilityRankScans=10", "holdScansMax=3"];
  const parameters = [...short, ...quick].flatMap((parameter) => ["--param", parameter]);
  const places = ["--archive", join(root, "archive"), "--out", join(root, "out")];
  const grid = ["--grid", `threshold=${steps(down)}`, "--grid", `takeProfit=${steps(across)}`];
  const walk = ["--workers", values.workers, "--walk-forward", `${days}:${TEST_DAYS}`];
  const sweep = ["--data-dir", join(root, "data"), "backtest", "sweep", "--local", "--json"];
  const args = [...sweep, ...places, ...walk, ...grid, ...parameters];
  return spawn(DOLPHIN, args, { stdio: ["ignore", "ignore", "inherit"] });
}

/** In MB. The kernel keeps the peak until the process is gone. */
async function peakOf(child: ReturnType<typeof spawn>): Promise<number> {
  const exited = once(child, "exit");
  let peakKb = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peakKb = Math.max(peakKb, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has just ended.
    }
    await delay(SAMPLE_EVERY_MS);
  }
  const [code] = await exited;
  if (code !== 0) throw new Error(`the sweep ended with ${String(code)}`);
  return peakKb / KB_PER_MB;
}

/** Prices that wander, the same in each run. */
function writeArchive(archive: string, scans: number): void {
  const encode = createScanEncoder(ASSETS);
  const prices = Float64Array.from(ASSETS, (_, asset) => 100 * (asset + 1));
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let row = 0; row < scans; row += 1) {
    const timeMs = FIRST_MS + row * MS_PER_DAY;
    const timestampMicros = timeMs * US_PER_MS;
    const folder = join(archive, dayFromMicros(timestampMicros));
    mkdirSync(folder, { recursive: true });
    for (const asset of prices.keys()) prices[asset]! *= 1 + 0.02 * (random() - 0.5);
    const eigenvalues = Float64Array.of(ASSETS.length * (0.3 + 0.4 * random()));
    const path = join(folder, `scan_${String(row + 1).padStart(8, "0")}.arrow`);
    writeFileSync(path, encode({ scanNumber: row + 1, timestampMicros, prices, eigenvalues }));
    utimesSync(path, timeMs / 1_000, timeMs / 1_000);
    utimesSync(folder, timeMs / 1_000 + 43_200, timeMs / 1_000 + 43_200);
  }
}
