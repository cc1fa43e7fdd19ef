/**
 * The archive as the backtester takes it: views of the reader's columns, times in milliseconds, and
 * a hash of everything that was read.
 *
 * Invariant: the hash is that of the scans, whether they lay in scan files or in compacted ones.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ScanChunk } from "../../domain/backtest/backtest.ts";
import { US_PER_MS } from "../../domain/time.ts";
import type { ScanChunk as ArchiveChunk } from "../../wire/day-file/scan-chunk.ts";
import type { PassSnapshot } from "../../wire/backtest/run-checkpoint.ts";
import { monotonicMs } from "../clock.ts";
import { readScans, startOfReading } from "../archive/bulk/read-scans.ts";
import { addToDataHash, createDataHash, dataHashOf } from "./data-hash.ts";

export type ArchiveRange = {
  readonly archive: string;
  /** First and last day folder, both included; null: all there are. */
  readonly from: string | null;
  readonly to: string | null;
};

export type ArchivePass = {
  /** Each chunk is valid until the next one is asked for. */
  chunks(): AsyncGenerator<ScanChunk>;
  /** Of the scans read so far. */
  dataHash(): string;
  /** How far it is, behind the last chunk: another pass of the same range goes on there. */
  snapshot(): PassSnapshot;
  readonly counts: { scans: number; refused: number; duplicates: number; backwards: number };
};

/** How long a thread is kept: others in it have signals to hear. */
const TURN_MS = 50;
const NOTHING = new Float64Array(0);

/** `snapshot`: of an earlier pass; null: from the range's beginning. */
export function openArchivePass(
  { archive, from, to }: ArchiveRange,
  onProblem: (problem: string) => void,
  snapshot: PassSnapshot | null = null,
): ArchivePass {
  const state = stateFrom(snapshot);
  const { counts, hash, place, refused } = state;
  const source = {
    from,
    to,
    place,
    onProblem,
    onRefused: (file: string) => {
      const day = file.slice(0, file.indexOf("/"));
      refused.set(day, (refused.get(day) ?? 0) + 1);
      counts.refused += 1;
    },
    onDuplicate: () => {
      counts.duplicates += 1;
    },
  };
  return {
    counts,
    dataHash: () => dataHashOf(hash),
    snapshot() {
      const { seen, done, last } = place;
      return { counts, hash, lastMs: state.lastMs, refused, seen: seen.dump(), done, last };
    },
    async *chunks() {
      const buffers = { timesMs: NOTHING, eigenvalues: NOTHING };
      let turnMs = monotonicMs();
      for await (const chunk of readScans(archive, source)) {
        if (chunk.rows === 0) continue;
        if (turnMs + TURN_MS < monotonicMs()) {
          await nextTurn();
          turnMs = monotonicMs();
        }
        if (buffers.timesMs.length < chunk.rows) {
          buffers.timesMs = new Float64Array(chunk.rows);
          buffers.eigenvalues = new Float64Array(chunk.rows);
        }
        addToDataHash(hash, chunk);
        forwardTimes(state, chunk, buffers.timesMs);
        largestEigenvalues(chunk, buffers.eigenvalues);
        counts.scans += chunk.rows;
        yield {
          assets: chunk.assets,
          count: chunk.rows,
          timesMs: buffers.timesMs,
          prices: chunk.prices,
          eigenvalues: buffers.eigenvalues,
          eigenvalueCount: 1,
          carried: NOTHING,
        };
      }
    },
  };
}

function stateFrom(snapshot: PassSnapshot | null) {
  const place = startOfReading();
  if (snapshot === null) {
    return {
      counts: { scans: 0, refused: 0, duplicates: 0, backwards: 0 },
      hash: createDataHash(),
      lastMs: -Infinity,
      /** By day. */
      refused: new Map<string, number>(),
      place,
    };
  }
  const { counts, refused, seen, done, last } = snapshot;
  place.seen.load(seen);
  // A day that is not done is listed anew, and what is refused of it is told again.
  for (const [day, count] of refused) {
    if (done.has(day)) continue;
    counts.refused -= count;
    refused.delete(day);
  }
  return { ...snapshot, place: { ...place, done, last } };
}

/** A writer whose clock was set back does not turn time back for a trader. */
function forwardTimes(
  state: Pick<PassSnapshot, "counts" | "lastMs">,
  chunk: ArchiveChunk,
  into: Float64Array,
): void {
  for (let row = 0; row < chunk.rows; row += 1) {
    const timeMs = chunk.timesUs[row]! / US_PER_MS;
    if (timeMs < state.lastMs) state.counts.backwards += 1;
    else state.lastMs = timeMs;
    into[row] = state.lastMs;
  }
}

/** Strategies see the largest one only. */
function largestEigenvalues(chunk: ArchiveChunk, into: Float64Array): void {
  const { eigenvalues, eigenvalueOffsets } = chunk;
  for (let row = 0; row < chunk.rows; row += 1) {
    const at = eigenvalueOffsets[row]!;
    into[row] = at < eigenvalueOffsets[row + 1]! ? eigenvalues[at]! : Number.NaN;
  }
}
