/** Reads the bytes of a scan file: fast where the layout is pyarrow's, else by the general reader. */
import { judgeNumbers } from "../../domain/scan/validity.ts";
import { locateFrame } from "./completeness.ts";
import { readFixedLayout } from "./fixed-layout.ts";
import { decodedScan, type ScanRead } from "./scan-json.ts";

export { createGeneralReader, type GeneralReader } from "./general/general-reader.ts";
export type { DecodedScan, ScanRead } from "./scan-json.ts";
export type { InvalidReason } from "../../domain/scan/scan.ts";

export type FastRead = ScanRead | { readonly kind: "needs_general" };

/** Synchronous and bounded, whatever the bytes are. */
export function readScanFast(bytes: Uint8Array): FastRead {
  const frame = locateFrame(bytes);
  if (frame.kind !== "complete") return frame;
  const fixed = readFixedLayout(frame);
  if (fixed === null) return { kind: "needs_general" };
  const { columns, names } = fixed;
  const verdict = names.problem ?? judgeNumbers(columns);
  if (verdict.kind === "invalid") return verdict;
  const { invalidPositions } = verdict;
  return { kind: "scan", scan: decodedScan({ columns, names, invalidPositions }) };
}
