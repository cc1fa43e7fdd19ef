/**
 * The content of `checkpoint.bin`: the state of a run between two chunks, from which another attempt resumes.
 */
import { deserialize, serialize } from "node:v8";
import { z } from "zod";
import type { BacktestSnapshot } from "../../domain/backtest/snapshot/backtest-snapshot.ts";
import type { RunTrace } from "../../domain/backtest/run-trace.ts";

const count = z.int().min(0);
const doubles = z.custom<Float64Array>((value) => value instanceof Float64Array);

const PassSnapshot = z.strictObject({
  counts: z.strictObject({
    scans: count,
    refused: count,
    duplicates: count,
    /** Scans whose time was before that of the previous scan. */
    backwards: count,
    /** Scans whose time was rejected because it was too far ahead. */
    ahead: count,
    /**
     * Scans that their number and time put before others against the order of their file times, and on how many
     * days.
     */
    reordered: count,
    reorderedDays: count,
  }),
  hash: z.strictObject({ chain: z.string(), count, timesUs: doubles, checksums: doubles }),
  /** Counts over the order books that were read so far. */
  books: z.strictObject({
    lanes: z.custom<Uint32Array>((value) => value instanceof Uint32Array),
    count,
  }),
  clock: z.strictObject({
    nowMs: z.number(),
    lastMs: z.number(),
    lastFileMs: z.number(),
    aheadInARow: count,
  }),
  refused: z.map(z.string(), count),
  reordered: z.map(z.string(), count),
  seen: z.strictObject({ young: doubles, old: doubles.nullable() }),
  done: z.set(z.string()),
  last: z.map(z.string(), z.strictObject({ timeUs: z.number(), name: z.string() })),
});
/** How far a pass over the archive has come. */
export type PassSnapshot = z.infer<typeof PassSnapshot>;
export type PassCounts = PassSnapshot["counts"];

const RunCheckpoint = z.strictObject({
  /** Identifies the workflow run, the settings and the code: a run resumes only from its own state. */
  key: z.string(),
  trades: z.strictObject({ file: z.string().regex(/^[\w.-]+$/), bytes: count }),
  pass: PassSnapshot,
  // The core's own state; the key guarantees that the same code wrote it.
  trace: z.custom<RunTrace>((value) => typeof value === "object" && value !== null),
  runs: z.array(z.custom<BacktestSnapshot>((value) => typeof value === "object" && value !== null)),
});
export type RunCheckpoint = z.infer<typeof RunCheckpoint>;

/** Binary, because most of it is doubles: JSON would take a tenth of the run's time. */
export function encodeRunCheckpoint(checkpoint: RunCheckpoint): Uint8Array {
  return serialize(checkpoint);
}

/** Null when it is not a checkpoint, or one of another Node version: then the run starts from the beginning. */
export function parseRunCheckpoint(bytes: Uint8Array): RunCheckpoint | null {
  try {
    return RunCheckpoint.safeParse(deserialize(bytes)).data ?? null;
  } catch {
    return null;
  }
}
