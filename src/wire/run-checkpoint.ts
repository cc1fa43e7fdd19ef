/** What `checkpoint.json` holds: a run between two chunks, for another attempt to go on from. */
import { z } from "zod";
import type { BacktestSnapshot } from "../domain/backtest/backtest-snapshot.ts";
import type { Json } from "../domain/trading/snapshot/exact.ts";

/** The program's own state, which it checks by the key. */
const json = z.custom<Json>((value) => value !== undefined);
const snapshot = z.custom<BacktestSnapshot>(
  (value) => typeof value === "object" && value !== null && "trader" in value && "run" in value,
);

const RunCheckpoint = z.strictObject({
  /** Of the attempt's run, its settings and its code: another one's state is not gone on from. */
  key: z.string(),
  scans: z.int().min(0),
  trades: z.strictObject({ file: z.string().regex(/^[\w.-]+$/), bytes: z.int().min(0) }),
  pass: json,
  trace: json,
  runs: z.array(snapshot),
});
export type RunCheckpoint = z.infer<typeof RunCheckpoint>;

export function encodeRunCheckpoint(checkpoint: RunCheckpoint): string {
  return JSON.stringify(checkpoint);
}

/** Null when it is none: then the run begins anew. */
export function parseRunCheckpoint(text: string): RunCheckpoint | null {
  try {
    return RunCheckpoint.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
