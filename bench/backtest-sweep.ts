/**
 * A sweep over the backtest workload: every set with all figures of a tear sheet.
 *
 *     npm run --silent bench:sweep -- DIR [--json] [--rounds 3]
 *
 * 100 sets on one thread, then 400 sets on one and on two threads; medians. Reading the columns counts, starting the
 * threads does not.
 */
import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadStrategy } from "../src/adapters/strategy-file/load-strategy.ts";
import { openLanes } from "../src/operations/backtest/sweep/sweep-lanes.ts";
import { setsOfGrid } from "../src/domain/backtest/sweep/parameter-grid.ts";
import { DEFAULT_RUN_SETTINGS } from "../src/domain/backtest/run-settings.ts";
import { EVERY_SCAN } from "../src/domain/backtest/sweep/trial.ts";
import { WIDE_LIMITS } from "../src/domain/trading/configuration.ts";
import { openWorkload } from "./harness/workload-data.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "3" } },
});
const folder = positionals[0];
if (folder === undefined) {
  process.stderr.write("usage: npm run --silent bench:sweep -- DIR [--json] [--rounds 3]\n");
  process.exit(64);
}
const data = openWorkload(folder);
const strategy = await loadStrategy(join(import.meta.dirname, "workload-strategy.ts"));
const rounds = Number(values.rounds);

type Measured = {
  readonly ms: number;
  /** Of all threads: on a machine that does other things too it says more than the wall clock. */
  readonly cpuMs: number;
  readonly hash: string;
  readonly trades: number;
};

const hundred = await medianOf(100, 1);
const one = await medianOf(400, 1);
const two = await medianOf(400, 2);
if (one.hash !== two.hash) throw new Error("two threads gave another result than one");
const result = {
  sets_100_ms: Math.round(hundred.ms),
  sets_100_cpu_ms: Math.round(hundred.cpuMs),
  sets_400_ms: Math.round(one.ms),
  sets_400_cpu_ms: Math.round(one.cpuMs),
  sets_400_two_workers_ms: Math.round(two.ms),
  sets_400_two_workers_cpu_ms: Math.round(two.cpuMs),
  speedup_two_workers: Math.round((one.ms / two.ms) * 100) / 100,
  first_set_trades: hundred.trades,
  same_results: one.hash === two.hash,
  rss_mb: Math.round(process.resourceUsage().maxRSS / 1_024),
};
const lines = Object.entries(result).map(([name, value]) => `${name.padEnd(24)} ${String(value)}`);
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${lines.join("\n")}\n`);

async function medianOf(sets: number, workers: number): Promise<Measured> {
  const all: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure(sets, workers));
  return all.toSorted((a, b) => a.ms - b.ms)[rounds >> 1]!;
}

/** The workload's own set comes first; the others lie around it. */
async function measure(sets: number, workers: number): Promise<Measured> {
  const axes = [
    { name: "threshold", values: steps(sets / 20, -0.02, -0.0005) },
    { name: "takeProfit", values: steps(5, 0.0095, 0.001) },
    { name: "holdScansMax", values: steps(4, 120, 20) },
  ];
  const trials = setsOfGrid(axes, {}).map((parameters) => ({
    ...EVERY_SCAN,
    settings: {
      ...DEFAULT_RUN_SETTINGS,
      convention: { kind: "same_scan" } as const,
      limits: WIDE_LIMITS,
      parameters,
    },
  }));
  const { dataHash } = data;
  const lanes = await openLanes({ strategy, codeVersion: "bench", dataHash, workers });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const outcomes = await lanes.run(trials, data.chunks(), {
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  const ms = performance.now() - began;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1_000;
  await lanes.close();
  const hashes = outcomes.map((outcome) => outcome?.report.resultHash ?? "none");
  return { ms, cpuMs, hash: hashes.join(" "), trades: outcomes[0]?.report.trades.count ?? 0 };
}

function steps(count: number, first: number, step: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at * step);
}
