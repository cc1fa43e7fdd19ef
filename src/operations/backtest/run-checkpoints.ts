/**
 * A run's checkpoints, a file in its folder, from which an attempt after a crash resumes. Only attempts of the same
 * workflow run, with the same settings and code, read it.
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import {
  encodeRunCheckpoint,
  parseRunCheckpoint,
  type RunCheckpoint,
} from "../../wire/backtest/run-checkpoint.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { CHECKPOINT_FILE, writeRunFile } from "./run-folder.ts";

export type RunCheckpoints = {
  /** An earlier attempt's checkpoint, or null. */
  readonly found: RunCheckpoint | null;
  /** Whether another attempt can resume. */
  readonly isKept: boolean;
  /** Called between two chunks; calls `stateOf` when a checkpoint is due. */
  offer(stateOf: () => RunState): void;
  /** Called when the run is over. */
  remove(): void;
};

export type RunState = Omit<RunCheckpoint, "key">;

export const NO_CHECKPOINTS: RunCheckpoints = {
  found: null,
  isKept: false,
  offer: () => {},
  remove: () => {},
};

export function openRunCheckpoints({
  folder,
  facts,
  everyMs,
  onProblem,
}: {
  readonly folder: string;
  /** Everything that would make it another run. */
  readonly facts: unknown;
  readonly everyMs: number;
  readonly onProblem: (problem: string) => void;
}): RunCheckpoints {
  const key = createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  const left = readCheckpoint(folder);
  const found = left?.key === key ? left : null;
  let isKept = found !== null;
  let dueMs = monotonicMs() + everyMs;
  return {
    found,
    get isKept() {
      return isKept;
    },
    offer(stateOf) {
      if (monotonicMs() < dueMs) return;
      try {
        writeRunFile(folder, CHECKPOINT_FILE, encodeRunCheckpoint({ key, ...stateOf() }));
        isKept = true;
        dueMs = monotonicMs() + everyMs;
      } catch (error) {
        // The run works without checkpoints, too.
        dueMs = Infinity;
        onProblem(`another attempt of this run will start from the beginning: ${messageOf(error)}`);
      }
    },
    remove: () => rmSync(join(folder, CHECKPOINT_FILE), { force: true }),
  };
}

function readCheckpoint(folder: string): RunCheckpoint | null {
  try {
    return parseRunCheckpoint(readFileSync(join(folder, CHECKPOINT_FILE)));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
