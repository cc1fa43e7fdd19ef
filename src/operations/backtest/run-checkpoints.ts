/**
 * Where a run has come to, in a file of its folder, so that an attempt after a death goes on from
 * there. It is read by attempts of the same workflow run, with the same settings and code, only.
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
import { CHECKPOINT_FILE, writeWhole } from "./run-folder.ts";

export type RunCheckpoints = {
  /** What an earlier attempt left, or null. */
  readonly found: RunCheckpoint | null;
  /** Whether another attempt has something to go on from. */
  readonly isKept: boolean;
  /** Called between two chunks; asks for the state when it is time. */
  offer(stateOf: () => RunState): void;
  /** The run is over. */
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
  /** Whatever makes another run of it. */
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
        writeWhole(folder, CHECKPOINT_FILE, encodeRunCheckpoint({ key, ...stateOf() }));
        isKept = true;
        dueMs = monotonicMs() + everyMs;
      } catch (error) {
        // The run itself can do without.
        dueMs = Infinity;
        onProblem(`the run can't go on in another attempt: ${messageOf(error)}`);
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
