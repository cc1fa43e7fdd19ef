/**
 * The backtest workload through the real core: orders, fills, portfolio, gates and statistics.
 *
 *     npm run --silent bench:backtest -- DIR [--json] [--strategy velocity-divergence] [--sweep 100]
 *         [--peers] [--python INTERPRETER]
 *
 * DIR was written by the workload's generator. `run_ms` is the median of nine runs after a discarded one, without
 * reading the columns (`load_ms`); memory is flat, because the columns are read in chunks. `--strategy` uses the
 * default strategy, which computes its own windows, in place of the workload's. `--peers` runs NautilusTrader, vectorbt
 * and a bare numba loop on the same data, if the interpreter of `--python` (else python3) has them; for one that is
 * missing the `recorded` figure is shown. Without `--peers`, `--python` runs only the numba loop. `--sweep` adds this
 * many parameter sets, each with the whole report, stepped side by side in one pass.
 */
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { BacktestDescription } from "../src/domain/backtest/backtest-run.ts";
import { feedBacktest, finishBacktest, startBacktest } from "../src/domain/backtest/backtest.ts";
import type { BacktestReport } from "../src/domain/backtest/report.ts";
import { DEFAULT_AGE_BUDGETS_MS, WIDE_LIMITS } from "../src/domain/trading/configuration.ts";
import { velocityDivergence } from "../src/domain/trading/strategies/velocity-divergence.ts";
import type { Parameters } from "../src/domain/trading/strategy.ts";
import { NUMBA, runPeers } from "./peer/run-peers.ts";
import { openWorkload, type WorkloadData } from "./harness/workload-data.ts";
import { workload } from "./workload-strategy.ts";

const RUNS = 9;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    strategy: { type: "string", default: "workload" },
    sweep: { type: "string", default: "0" },
    peers: { type: "boolean", default: false },
    python: { type: "string" },
  },
});
const folder = positionals[0];
if (folder === undefined) {
  process.stderr.write(
    "usage: npm run --silent bench:backtest -- DIR [--json] [--strategy NAME] [--sweep N] [--peers]\n",
  );
  process.exit(64);
}

const STRATEGIES = [workload, velocityDivergence];
const strategy = STRATEGIES.find(({ name }) => name === values.strategy) ?? workload;

type Timed = { readonly report: BacktestReport; readonly runMs: number; readonly loadMs: number };

const data = openWorkload(folder);
const first = runOnce(data);
const runs = Array.from({ length: RUNS }, () => runOnce(data));
const runMs = runs.map((run) => run.runMs).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)]!;
const { trades, returns } = first.report;
const byReason = trades.byExitReason;
const sweep = Number(values.sweep);
const sweepMs = sweep === 0 ? null : runAll(data, sweepSets(sweep)).runMs;
const result = {
  trades: trades.count,
  take_profit: byReason["take_profit"]?.count ?? 0,
  stop_loss: byReason["stop_loss"]?.count ?? 0,
  max_hold: byReason["max_hold"]?.count ?? 0,
  final: returns.end,
  load_ms: round(first.loadMs),
  first_run_ms: round(first.runMs),
  run_ms: round(runMs),
  scans_per_s: Math.round((data.scans / runMs) * 1_000),
  rss_mb: round(process.resourceUsage().maxRSS / 1_024),
  ...(sweepMs === null ? {} : { sweep_sets: sweep, sweep_ms: round(sweepMs) }),
};
const peers = runPeers({
  folder: data.folder,
  python: values.python ?? "python3",
  isWanted: (script) => values.peers || (script === NUMBA && values.python !== undefined),
  ours: { trades: trades.count, final: returns.end, assets: data.assets.length },
}).map((peer) => ({ ...peer, times_as_long: Number((peer.run_ms / runMs).toPrecision(2)) }));
const numba = peers.find(({ script, source }) => script === NUMBA && source === "measured");
const report = {
  ...result,
  ...(numba === undefined ? {} : { numba_run_ms: round(numba.run_ms) }),
  ...(values.peers ? { peers } : {}),
};
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : tableOf(result));

function runOnce(source: WorkloadData): Timed {
  const { reports, runMs: ms, loadMs } = runAll(source, [{}]);
  return { report: reports[0]!, runMs: ms, loadMs };
}

/** Each chunk goes through all runs before the next is read. */
function runAll({ chunks, dataHash }: WorkloadData, sets: readonly Parameters[]) {
  let loadMs = 0;
  const began = performance.now();
  const all = sets.map((parameters) => startBacktest(descriptionOf(dataHash, parameters)));
  const source = chunks();
  for (;;) {
    const asked = performance.now();
    const next = source.next();
    loadMs += performance.now() - asked;
    if (next.done === true) break;
    for (const run of all) feedBacktest(run, next.value);
  }
  const reports = all.map(finishBacktest);
  return { reports, loadMs, runMs: performance.now() - began - loadMs };
}

/** Ten take profits by ten stop losses, and so on: as many sets as asked for. */
function sweepSets(count: number): Parameters[] {
  return Array.from({ length: count }, (_, at) => ({
    takeProfit: 0.003 + 0.0015 * (at % 10),
    stopLoss: 0.003 + 0.0015 * Math.floor(at / 10),
  }));
}

function descriptionOf(dataHash: string, parameters: Parameters): BacktestDescription {
  return {
    dataHash,
    codeVersion: "bench",
    trader: {
      book: "BENCH",
      capital: 100_000,
      strategy,
      parameters,
      slippageBps: 2,
      instruments: {},
      limits: WIDE_LIMITS,
      ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
      configuredPosture: "APEX",
    },
    paper: {
      convention: { kind: "same_scan" },
      feeBps: 4,
      slippageBps: 2,
      seed: 1,
      partialShare: 0,
      rejectShare: 0,
    },
  };
}

function tableOf(figures: typeof result): string {
  const rows = Object.entries(figures).map(([name, value]) => `${name.padEnd(14)} ${value}`);
  const limits = Object.entries(WIDE_LIMITS).map(([name, value]) => `${name}=${value}`);
  const others = peers.map(
    ({ engine, source, run_ms, times_as_long, agrees }) =>
      `${engine.padEnd(36)} ${round(run_ms)} ms (${source}${agrees === false ? ", with other trades" : ""}), ${times_as_long}x`,
  );
  return `${[...rows, `limits         ${limits.join(" ")}`, "", ...others].join("\n")}\n`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
