/** What `checkpoint.bin` holds: a run between two chunks, for another attempt to go on from. */
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
    /** Scans whose time lay before that of the scan before them. */
    backwards: count,
    /** Scans whose time was not believed: it lay too far ahead. */
    ahead: count,
    /** Scans that their numbers and times put before others, against their files' times; on how many days. */
    reordered: count,
    reorderedDays: count,
  }),
  hash: z.strictObject({ chain: z.string(), count, timesUs: doubles, checksums: doubles }),
  /** Of the order books that were given so far. */
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
  /** Names the attempt's run, its settings and its code: a run goes on from its own state only. */
  key: z.string(),
  trades: z.strictObject({ file: z.string().regex(/^[\w.-]+$/), bytes: count }),
  pass: PassSnapshot,
  // The core's own state: the key says that it is this code's.
  trace: z.custom<RunTrace>((value) => typeof value === "object" && value !== null),
  runs: z.array(z.custom<BacktestSnapshot>((value) => typeof value === "object" && value !== null)),
});
export type RunCheckpoint = z.infer<typeof RunCheckpoint>;

/** Binary, because most of it is doubles: as text it would take a tenth of the run's time. */
export function encodeRunCheckpoint(checkpoint: RunCheckpoint): Uint8Array {
  return serialize(checkpoint);
}

/** Null when it is none, or another Node's: then the run begins anew. */
export function parseRunCheckpoint(bytes: Uint8Array): RunCheckpoint | null {
  try {
    return RunCheckpoint.safeParse(deserialize(bytes)).data ?? null;
  } catch {
    return null;
  }
}
