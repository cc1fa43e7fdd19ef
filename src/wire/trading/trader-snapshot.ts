/** A trader's snapshot as the bytes that stand beside its journal. */
import { z } from "zod";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";

/** What lies deeper is the core's own, and refused by its version if it is another's. */
export const TraderSnapshotSchema = z.strictObject({
  version: z.int(),
  book: z.string(),
  strategy: z.json(),
  nextIndex: z.int().min(0),
  data: z.json(),
  windows: z.json(),
  memory: z.json(),
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

export function encodeDayBegin(begin: DayBegin): Buffer {
  return Buffer.from(JSON.stringify(begin));
}

/** @throws {Error} that names the field. */
export function decodeDayBegin(bytes: Uint8Array): DayBegin {
  return DayBeginSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
}

const SavedStateSchema = TraderSnapshotSchema.extend({ configurationHash: z.string().optional() });

/** `configurationHash`: what the book ran with; null where an older release saved it. */
export type SavedState = {
  readonly snapshot: TraderSnapshot;
  readonly configurationHash: string | null;
};

export function encodeTraderSnapshot(snapshot: TraderSnapshot, configurationHash: string): Buffer {
  return Buffer.from(JSON.stringify({ ...snapshot, configurationHash }));
}

/** @throws {Error} that names the field. */
export function decodeTraderSnapshot(bytes: Uint8Array): SavedState {
  const raw: unknown = JSON.parse(Buffer.from(bytes).toString());
  const saved = SavedStateSchema.safeParse(raw);
  if (!saved.success) {
    throw new Error(`no snapshot of a trader: ${z.prettifyError(saved.error)}`);
  }
  const { configurationHash = null, ...snapshot } = saved.data;
  return { snapshot, configurationHash };
}
