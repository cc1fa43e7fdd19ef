/**
 * A sweep from an archive to its files: all sets in one pass over the scans, the folds' choices with
 * them, and a second pass for what was chosen.
 *
 * Invariant: the result hash follows from data, settings, grid, strategy and code; the number of
 * workers has no part in it.
 */
import type { SweepRecord } from "../../../wire/tear-sheet/sweep-record.ts";
import { monotonicMs } from "../../clock.ts";
import { openArchivePass } from "../archive-chunks.ts";
import { BacktestRefused, describeRange, type BacktestHooks } from "../run-backtest.ts";
import { concludeSweep } from "./conclude-sweep.ts";
import { openLanes } from "./sweep-lanes.ts";
import { planSweep, type SweepJob } from "./sweep-plan.ts";

export async function runSweep(
  job: SweepJob & { readonly workers: number },
  hooks: BacktestHooks,
): Promise<SweepRecord> {
  const startedMs = monotonicMs();
  const { strategy, range, workers } = job;
  const plan = planSweep(job);
  const { codeVersion, trials } = plan;
  const lanes = await openLanes({ strategy, codeVersion, dataHash: "", trials, workers });
  const pass = openArchivePass(range, hooks.onProblem);
  const outcomes = await lanes.run(pass.chunks(), hooks);
  const { scans } = pass.counts;
  if (scans === 0) throw new BacktestRefused(`there are no scans in ${describeRange(range)}`);
  const tried = { outcomes, scans, dataHash: pass.dataHash(), startedMs, workers, hooks };
  return concludeSweep(job, plan, tried);
}
