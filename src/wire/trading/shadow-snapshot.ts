/** GREEN's whole state as bytes: both books at one event of BLUE's log, and their comparison so far. */
import { z } from "zod";
import type { BookComparison } from "../../domain/trading/shadow/comparison.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import { exactBytes, parseExact } from "./snapshot/exact-bytes.ts";
import { TraderSnapshotSchema } from "./trader-snapshot.ts";

const tally = z.strictObject({ digest: z.number(), count: z.number(), last: z.string() });

const ComparisonSchema = z.strictObject({
  compared: z.number(),
  differing: z.number(),
  first: z
    .strictObject({
      index: z.number(),
      seq: z.number(),
      atMs: z.number(),
      cause: z.enum(["logic", "configuration", "fill", "cash"]),
      detail: z.string(),
    })
    .nullable(),
  blueFills: tally,
  greenFills: tally,
});

const ShadowSnapshotSchema = z.strictObject({
  version: z.literal(1),
  /** The index of the last event of BLUE's log that the state includes. */
  index: z.int(),
  /** The time of that event, to detect a log that was truncated and continued differently. */
  nowMs: z.number(),
  blueHash: z.string(),
  greenHash: z.string(),
  blue: TraderSnapshotSchema,
  green: TraderSnapshotSchema,
  comparison: ComparisonSchema,
});

export type ShadowSnapshot = {
  readonly version: 1;
  readonly index: number;
  readonly nowMs: number;
  readonly blueHash: string;
  readonly greenHash: string;
  readonly blue: TraderSnapshot;
  readonly green: TraderSnapshot;
  readonly comparison: BookComparison;
};

export function encodeShadow(snapshot: ShadowSnapshot): Buffer {
  return exactBytes(snapshot);
}

/** Null where it is not of this version: then the log is folded from its start. */
export function decodeShadow(bytes: Uint8Array): ShadowSnapshot | null {
  try {
    return ShadowSnapshotSchema.parse(parseExact(bytes));
  } catch {
    return null;
  }
}
