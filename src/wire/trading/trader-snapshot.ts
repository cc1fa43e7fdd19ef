/** Encodes a trader's snapshot as the bytes that are stored beside its journal. */
import { z } from "zod";
import type { Json } from "../../domain/trading/snapshot/exact.ts";
import type { TraderSnapshot } from "../../domain/trading/snapshot/snapshot.ts";
import { exactBytes, exactParts, parseExact } from "./snapshot/exact-bytes.ts";

/** Includes doubles that JSON has no form for. */
const json = z.custom<Json>((value) => value !== undefined);

/** Deeper members belong to the core, which refuses another version's. */
export const TraderSnapshotSchema = z.strictObject({
  version: z.int(),
  book: z.string(),
  strategy: json,
  nextIndex: z.int().min(0),
  data: json,
  windows: json,
  memory: json,
});

/** The version that ran: another version may decide differently on the same events. */
export type RecordedProgram = { readonly configurationHash: string; readonly codeHash: string };

/** The state at the start of the day, and the code that ran then. */
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

/** `configurationHash`: of the configuration that the book ran with; null in snapshots of an older release. */
export type SavedState = {
  readonly snapshot: TraderSnapshot;
  readonly configurationHash: string | null;
};

export function encodeTraderSnapshot(snapshot: TraderSnapshot, configurationHash: string): Buffer {
  return exactBytes({ ...snapshot, configurationHash });
}

/** The same bytes as parts, not joined. */
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
