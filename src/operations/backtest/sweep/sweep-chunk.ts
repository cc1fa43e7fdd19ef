/**
 * A part of a sweep's trials that one worker runs and stores in a file: after a worker's crash its finished chunks
 * are reused. Invariant: a chunk's file is complete or absent, and the hash in its reference is that of its content.
 */
import { existsSync, globSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { SweepRecord } from "../../../reports/sweep-record.ts";
import { monotonicMs } from "../../../adapters/clock.ts";
import { BacktestRefused } from "../backtest-refused.ts";
import type { BacktestHooks } from "../run-backtest.ts";
import { openChunkFile, readChunkFile } from "./chunk-file.ts";
import { concludeSweep } from "./conclude-sweep.ts";
import { planSweep, type SweepJob } from "./sweep-plan.ts";
import { createSweepTally, triedIn } from "./sweep-tally.ts";
import { runWaves, type ScansRead } from "./sweep-waves.ts";

export type ChunkPlace = {
  /** Identifies one run of the workflow, so that chunks of an older run are not reused. */
  readonly run: string;
  readonly index: number;
  /** Trials from here up to, but not including, `to`. */
  readonly from: number;
  readonly to: number;
};

export type ChunkReference = {
  readonly file: string;
  readonly sha256: string;
  readonly dataHash: string;
  readonly scans: number;
  /** False: the file existed. */
  readonly isNew: boolean;
};

const CHUNKS = "chunks-";

export async function runSweepChunk(
  job: SweepJob,
  place: ChunkPlace,
  hooks: BacktestHooks,
): Promise<ChunkReference> {
  const folder = chunkFolder(job, place.run);
  const name = `chunk-${String(place.index).padStart(4, "0")}.jsonl`;
  const path = join(folder, name);
  if (existsSync(path)) {
    const { sha256, dataHash, read } = await readChunkFile(path, () => {});
    return { file: path, sha256, dataHash, scans: read.scans, isNew: false };
  }
  const { trials, sets, codeVersion } = planSweep(job);
  const { from, to } = place;
  const row = { count: to - from, at: (at: number) => trials.at(from + at) };
  const file = openChunkFile(folder, name);
  const seen = await runWaves({ ...job, codeVersion, workers: 1, known: null }, row, {
    hooks,
    onOutcome(at, outcome) {
      file.add(outcome && triedIn(outcome.report, from + at < sets.length));
    },
  });
  const sha256 = file.finish({ ...seen, codeVersion });
  return { file: path, sha256, dataHash: seen.dataHash, scans: seen.read.scans, isNew: true };
}

/** Joins the chunks; deletes their folder when the sweep's files are written. */
export async function concludeChunks(
  job: SweepJob,
  about: { readonly chunks: readonly ChunkReference[]; readonly hooks: BacktestHooks },
): Promise<SweepRecord> {
  const startedMs = monotonicMs();
  const plan = planSweep(job);
  const tally = createSweepTally(plan, job.axes);
  let place = 0;
  let known: ScansRead | null = null;
  for (const chunk of about.chunks) {
    const seen = await readChunkFile(chunk.file, (tried) => tally.add(place++, tried)).catch(
      () => null,
    );
    if (seen?.sha256 !== chunk.sha256) {
      throw new BacktestRefused(
        `${chunk.file} is not what its worker wrote; start the sweep again`,
      );
    }
    if (seen.codeVersion !== plan.codeVersion) {
      throw new BacktestRefused(
        "the strategy or dolphin changed while the sweep ran; start it again",
      );
    }
    known ??= seen;
    if (chunk.dataHash !== known.dataHash) {
      throw new BacktestRefused("the archive changed while the sweep ran; start it again");
    }
  }
  if (known === null) throw new BacktestRefused("the sweep has no chunks");
  const { dataHash, read } = known;
  // Nothing else of this sweep runs any more.
  const workers = availableParallelism();
  const tried = { tally, dataHash, read, startedMs, workers, hooks: about.hooks };
  const record = await concludeSweep(job, plan, tried);
  // Those of failed runs, too.
  for (const name of globSync(`${CHUNKS}*`, { cwd: job.out })) {
    rmSync(join(job.out, name), { recursive: true, force: true });
  }
  return record;
}

function chunkFolder({ out }: SweepJob, run: string): string {
  return join(out, `${CHUNKS}${run}`);
}
