/**
 * A sweep from an archive to its files: all sets in one pass over the scans (or in as many as memory requires), with
 * the folds' training, and one more pass for the chosen sets. Invariant: the result hash depends on data, settings,
 * grid, strategy and code, not on the number of workers or passes.
 */
import type { SweepRecord } from "../../../reports/sweep-record.ts";
import { monotonicMs } from "../../../adapters/clock.ts";
import type { BacktestHooks } from "../run-backtest.ts";
import { concludeSweep } from "./conclude-sweep.ts";
import { planSweep, type SweepJob } from "./sweep-plan.ts";
import { createSweepTally, triedIn } from "./sweep-tally.ts";
import { runWaves, type WavesOrder } from "./sweep-waves.ts";

export async function runSweep(
  job: SweepJob & Pick<WavesOrder, "workers" | "liveBytesMax">,
  hooks: BacktestHooks,
): Promise<SweepRecord> {
  const startedMs = monotonicMs();
  const plan = planSweep(job);
  const { codeVersion, trials, sets } = plan;
  const tally = createSweepTally(plan, job.axes);
  const { read, dataHash } = await runWaves({ ...job, codeVersion, known: null }, trials, {
    hooks,
    onOutcome(place, outcome) {
      tally.add(place, outcome && triedIn(outcome.report, place < sets.length));
    },
  });
  const { workers } = job;
  return concludeSweep(job, plan, { tally, read, dataHash, startedMs, workers, hooks });
}
