/** A trader's snapshot as the bytes that stand beside its journal. */
import { z } from "zod";
import type { Json } from "../../domain/trading/snapshot/exact.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import { exactBytes, exactParts, parseExact } from "./snapshot/exact-bytes.ts";

/** Doubles among it: what JSON has no form for. */
const json = z.custom<Json>((value) => value !== undefined);

/** What lies deeper is the core's own, and refused by its version if it is another's. */
export const TraderSnapshotSchema = z.strictObject({
  version: z.int(),
  book: z.string(),
  strategy: json,
  nextIndex: z.int().min(0),
  data: json,
  windows: json,
  memory: json,
});

/** What ran: the same events may come to something else with another. */
export type RecordedProgram = { readonly configurationHash: string; readonly codeHash: string };

/** The state that a day began with, and the program that ran then. */
export type DayBegin = RecordedProgram & { readonly snapshot: TraderSnapshot };

const DayBeginSchema = z.strictObject({
  configurationHash: z.string(),
  codeHash: z.string(),
  snapshot: TraderSnapshotSchema,
});

export function encodeDayBegin(begin: DayBegin): readonly Uint8Array[] {
  return exactParts(begin);
}

/** @throws {Error} that names the field. */
export function decodeDayBegin(bytes: Uint8Array): DayBegin {
  return DayBeginSchema.parse(parseExact(bytes));
}

const SavedStateSchema = TraderSnapshotSchema.extend({ configurationHash: z.string().optional() });

/** `configurationHash`: what the book ran with; null where an older release saved it. */
export type SavedState = {
  readonly snapshot: TraderSnapshot;
  readonly configurationHash: string | null;
};

export function encodeTraderSnapshot(snapshot: TraderSnapshot, configurationHash: string): Buffer {
  return exactBytes({ ...snapshot, configurationHash });
}

/** The same bytes, not joined. */
export function traderSnapshotParts(
  snapshot: TraderSnapshot,
  configurationHash: string,
): readonly Uint8Array[] {
  return exactParts({ ...snapshot, configurationHash });
}

/** @throws {Error} that names the field. */
export function decodeTraderSnapshot(bytes: Uint8Array): SavedState {
  const saved = SavedStateSchema.safeParse(parseExact(bytes));
  if (!saved.success) {
    throw new Error(`no snapshot of a trader: ${z.prettifyError(saved.error)}`);
  }
  const { configurationHash = null, ...snapshot } = saved.data;
  return { snapshot, configurationHash };
}
