/**
 * A part of a sweep's trials that one worker does and leaves in a file: what is done is found there by
 * whoever comes after a worker that died.
 *
 * Invariant: a chunk's file is whole or absent, and the hash in its reference is that of its bytes.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { TrialOutcome } from "../../../domain/backtest/trial.ts";
import type { SweepRecord } from "../../../wire/tear-sheet/sweep-record.ts";
import { monotonicMs } from "../../clock.ts";
import { openArchivePass } from "../archive-chunks.ts";
import { BacktestRefused, describeRange, type BacktestHooks } from "../run-backtest.ts";
import { writeWhole } from "../run-folder.ts";
import { concludeSweep } from "./conclude-sweep.ts";
import { openLanes } from "./sweep-lanes.ts";
import { planSweep, type SweepJob } from "./sweep-plan.ts";

export type ChunkPlace = {
  /** Of one run of the workflow, so that an older run's chunks are none of this one. */
  readonly run: string;
  readonly index: number;
  /** Trials from here on, and before `to`. */
  readonly from: number;
  readonly to: number;
};

export type ChunkReference = {
  readonly file: string;
  readonly sha256: string;
  readonly dataHash: string;
  readonly scans: number;
  /** False: it was there. */
  readonly isNew: boolean;
};

const CHUNKS = "chunks-";

const ChunkFile = z.object({
  dataHash: z.string(),
  scans: z.number(),
  // Written by this module, and held against its hash.
  outcomes: z.array(z.custom<TrialOutcome | null>((value) => typeof value === "object")),
});

export async function runSweepChunk(
  job: SweepJob,
  place: ChunkPlace,
  hooks: BacktestHooks,
): Promise<ChunkReference> {
  const folder = chunkFolder(job, place.run);
  const name = `chunk-${String(place.index).padStart(4, "0")}.json`;
  const path = join(folder, name);
  if (existsSync(path)) {
    const text = readFileSync(path, "utf8");
    const { dataHash, scans } = ChunkFile.parse(JSON.parse(text));
    return { file: path, sha256: sha256Of(text), dataHash, scans, isNew: false };
  }
  const plan = planSweep(job);
  const lanes = await openLanes({
    strategy: job.strategy,
    codeVersion: plan.codeVersion,
    dataHash: "",
    trials: plan.trials.slice(place.from, place.to),
    workers: 1,
  });
  const pass = openArchivePass(job.range, hooks.onProblem);
  const outcomes = await lanes.run(pass.chunks(), hooks);
  const { scans } = pass.counts;
  if (scans === 0) throw new BacktestRefused(`there are no scans in ${describeRange(job.range)}`);
  const dataHash = pass.dataHash();
  const text = JSON.stringify({ dataHash, scans, outcomes });
  writeWhole(folder, name, text);
  return { file: path, sha256: sha256Of(text), dataHash, scans, isNew: true };
}

/** Puts the chunks together; their folder goes when the sweep's files stand. */
export async function concludeChunks(
  job: SweepJob,
  about: { readonly chunks: readonly ChunkReference[]; readonly hooks: BacktestHooks },
): Promise<SweepRecord> {
  const startedMs = monotonicMs();
  const [first] = about.chunks;
  if (first === undefined) throw new BacktestRefused("the sweep has no chunks");
  const outcomes = about.chunks.flatMap((chunk) => {
    const text = readFileSync(chunk.file, "utf8");
    if (sha256Of(text) !== chunk.sha256) {
      throw new BacktestRefused(`${chunk.file} is not what its worker wrote; start the sweep anew`);
    }
    if (chunk.dataHash !== first.dataHash) {
      throw new BacktestRefused("the archive changed while the sweep ran; start it anew");
    }
    return ChunkFile.parse(JSON.parse(text)).outcomes;
  });
  const { dataHash, scans } = first;
  // Of this sweep nothing else runs any more.
  const workers = availableParallelism();
  const tried = { outcomes, dataHash, scans, startedMs, workers, hooks: about.hooks };
  const record = await concludeSweep(job, planSweep(job), tried);
  // Those of runs that failed, too.
  for (const name of globSync(`${CHUNKS}*`, { cwd: job.out })) {
    rmSync(join(job.out, name), { recursive: true, force: true });
  }
  return record;
}

function chunkFolder({ out }: SweepJob, run: string): string {
  return join(out, `${CHUNKS}${run}`);
}

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
