/**
 * Reads the bytes of a scan file: by the fast path where the layout is pyarrow's, else by the general reader.
 */
import type { InvalidScan } from "../../domain/scan/scan.ts";
import { judgeNumbers } from "../../domain/scan/validity.ts";
import { type Incomplete, locateFrame } from "./completeness.ts";
import { type FixedScan, readFixedLayout } from "./fixed-layout.ts";
import { decodedScan, type JudgedScan, type ScanRead } from "./scan-json.ts";

export { createGeneralReader, type GeneralReader } from "./any-layout/any-layout-reader.ts";
export type { DecodedScan, ScanRead } from "./scan-json.ts";
export type { InvalidReason } from "../../domain/scan/scan.ts";

export type FastRead = ScanRead | { readonly kind: "needs_general" };

/** A validated scan as columns, for bulk readers, which do not need the JSON text. */
export type ColumnsRead =
  | ({ readonly kind: "columns" } & JudgedScan)
  | Incomplete
  | InvalidScan
  | { readonly kind: "needs_general" };

/** Synchronous and bounded for any bytes. */
export function readScanFast(bytes: Uint8Array): FastRead {
  const read = readScanColumns(bytes);
  return read.kind === "columns" ? { kind: "scan", scan: decodedScan(read) } : read;
}

/** The same without the JSON text. The numbers may be views into `bytes`. */
export function readScanColumns(bytes: Uint8Array): ColumnsRead {
  const frame = locateFrame(bytes);
  if (frame.kind !== "complete") return frame;
  const fixed = readFixedLayout(frame);
  return fixed === null ? { kind: "needs_general" } : judgedColumns(fixed);
}

export function judgedColumns({ columns, names }: FixedScan): ColumnsRead {
  const verdict = names.problem ?? judgeNumbers(columns);
  if (verdict.kind === "invalid") return verdict;
  return { kind: "columns", columns, names, invalidPositions: verdict.invalidPositions };
}
