/**
 * The archive as the backtester takes it: views of the reader's columns, times in milliseconds, and
 * a hash of everything that was read.
 *
 * Invariant: the hash is that of the scans, whether they lay in scan files or in compacted ones.
 */
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ScanChunk } from "../../domain/backtest/backtest.ts";
import { US_PER_MS } from "../../domain/time.ts";
import type { ScanChunk as ArchiveChunk } from "../../wire/day-file/scan-chunk.ts";
import { monotonicMs } from "../clock.ts";
import { readScans } from "../archive/bulk/read-scans.ts";

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
  readonly counts: { scans: number; refused: number; duplicates: number; backwards: number };
};

/** How long a thread is kept: others in it have signals to hear. */
const TURN_MS = 50;
const NOTHING = new Float64Array(0);

export function openArchivePass(
  { archive, from, to }: ArchiveRange,
  onProblem: (problem: string) => void,
): ArchivePass {
  const times = createHash("sha256");
  // Of each file's bytes: whatever else of a scan changes, its checksum does.
  const checksums = createHash("sha256");
  const counts = { scans: 0, refused: 0, duplicates: 0, backwards: 0 };
  const source = {
    from,
    to,
    onProblem,
    onRefused: () => {
      counts.refused += 1;
    },
    onDuplicate: () => {
      counts.duplicates += 1;
    },
  };
  return {
    counts,
    dataHash: () =>
      createHash("sha256")
        .update(times.copy().digest())
        .update(checksums.copy().digest())
        .digest("hex"),
    async *chunks() {
      const buffers = { timesMs: NOTHING, eigenvalues: NOTHING };
      let lastMs = -Infinity;
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
        times.update(bytesOf(chunk.timesUs, chunk.rows));
        checksums.update(bytesOf(chunk.checksums, chunk.rows));
        for (let row = 0; row < chunk.rows; row += 1) {
          const timeMs = chunk.timesUs[row]! / US_PER_MS;
          // A writer whose clock was set back does not turn time back for a trader.
          if (timeMs < lastMs) counts.backwards += 1;
          else lastMs = timeMs;
          buffers.timesMs[row] = lastMs;
        }
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

/** Strategies see the largest one only. */
function largestEigenvalues(chunk: ArchiveChunk, into: Float64Array): void {
  const { eigenvalues, eigenvalueOffsets } = chunk;
  for (let row = 0; row < chunk.rows; row += 1) {
    const at = eigenvalueOffsets[row]!;
    into[row] = at < eigenvalueOffsets[row + 1]! ? eigenvalues[at]! : Number.NaN;
  }
}

function bytesOf(values: Float64Array | Uint32Array, count: number): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, count * values.BYTES_PER_ELEMENT);
}
