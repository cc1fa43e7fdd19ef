/**
 * Time from the start of a process to the report on disk: `dolphin backtest run --local` over a compacted archive of
 * the workload, warm, with the built-in strategy and all output files.
 *
 *     npm run --silent bench:backtest-start -- DIR [--json] [--rounds 9]
 *
 * DIR was written by the workload's generator; its columns become scan files, which are compacted and then deleted. For
 * comparison it measures how long Node itself takes to start and end.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compactedFolder } from "../src/adapters/archive/days/compacted-days.ts";
import { dayFromMicros, US_PER_MS } from "../src/domain/time.ts";
import { createScanEncoder } from "../src/wire/arrow-writer.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { compactDays } from "./harness/day-archive.ts";
import { machine } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";
import { openWorkload } from "./harness/workload-data.ts";

endWithBench();

const DOLPHIN = resolve(import.meta.dirname, "../bin/dolphin");
const MS_PER_SECOND = 1_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
  },
});
const [source] = positionals;
if (source === undefined) {
  process.stderr.write(
    "usage: npm run --silent bench:backtest-start -- DIR [--json] [--rounds 9]\n",
  );
  process.exit(64);
}
const rounds = Number(values.rounds);

const root = mkdtempSync(join(tmpdir(), "dolphin-backtest-start-"));
const archive = join(root, "archive");
try {
  const { days, scans } = writeArchive(source);
  await compactDays(archive, days);
  const times = { node: [] as number[], run: [] as number[] };
  let trades = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const out = join(root, `out-${round}`);
    const args = ["backtest", "run", "--local", "--archive", archive, "--out", out];
    const node = timed(process.execPath, ["-e", "0"]);
    const run = timed(DOLPHIN, ["--data-dir", join(root, "data"), ...args]);
    trades = JSON.parse(readFileSync(join(out, "report.json"), "utf8")).report.trades.count;
    if (round === 0) continue;
    times.node.push(node);
    times.run.push(run);
  }
  const result = {
    scans,
    days: days.length,
    trades,
    rounds,
    start_to_report_ms: rounded(median(times.run), 0),
    start_to_report_max_ms: rounded(Math.max(...times.run), 0),
    node_alone_ms: rounded(median(times.node), 0),
    machine: machine(),
  };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
} finally {
  rmSync(compactedFolder(archive), { recursive: true, force: true });
  rmSync(root, { recursive: true });
}

function timed(command: string, args: readonly string[]): number {
  const startedMs = performance.now();
  execFileSync(command, [...args], { stdio: ["ignore", "ignore", "inherit"] });
  return performance.now() - startedMs;
}

function writeArchive(folder: string) {
  const data = openWorkload(folder);
  const encode = createScanEncoder(data.assets);
  const days: string[] = [];
  let scanNumber = 0;
  for (const chunk of data.chunks()) {
    for (let row = 0; row < chunk.count; row += 1) {
      scanNumber += 1;
      const timestampMicros = chunk.timesMs[row]! * US_PER_MS;
      const day = dayFromMicros(timestampMicros);
      if (days.at(-1) !== day) {
        days.push(day);
        mkdirSync(join(archive, day), { recursive: true });
      }
      const assetCount = data.assets.length;
      const bytes = encode({
        scanNumber,
        timestampMicros,
        prices: chunk.prices.slice(row * assetCount, (row + 1) * assetCount),
        eigenvalues: chunk.eigenvalues.slice(row, row + 1),
      });
      const path = join(archive, day, `scan_${String(scanNumber).padStart(8, "0")}.arrow`);
      writeFileSync(path, bytes);
      const writtenS = timestampMicros / US_PER_MS / MS_PER_SECOND;
      utimesSync(path, writtenS, writtenS);
    }
  }
  return { days, scans: scanNumber };
}
