/**
 * Reads a scan in any layout that the contract allows, with apache-arrow. Slow, and run in a thread that can be
 * terminated.
 */
import { RecordBatchReader, type Data, type RecordBatch } from "apache-arrow";
import { invalidScan, type InvalidScan } from "../../../domain/scan/scan.ts";
import { judgeNumbers } from "../../../domain/scan/validity.ts";
import { assetNames } from "../asset-names.ts";
import { checkLimits } from "./batch-limits.ts";
import { registerCodecs, resetDecompressionBudget } from "./codecs.ts";
import { columnsOf, Unreadable, type ColumnName, type ScanData } from "./columns.ts";
import { type Frame, locateFrame } from "../completeness.ts";
import { type FixedScan, readFixedLayout } from "../fixed-layout.ts";
import { expandedFrame } from "./expanded-frame.ts";
import { TooLongError } from "./lz4-frame.ts";
import { decodedScan, type ScanRead } from "../scan-json.ts";

registerCodecs();

export function readScanGeneral(bytes: Uint8Array): ScanRead {
  const frame = locateFrame(bytes);
  if (frame.kind !== "complete") return frame;
  const problem = checkLimits(frame);
  try {
    if (problem?.reason === "unsupported") return readWithoutUnknown(frame) ?? problem;
    if (problem !== null) return problem;
    return readRow(bytes);
  } catch (error) {
    return problemOf(error);
  }
}

function readRow(bytes: Uint8Array): ScanRead {
  resetDecompressionBudget();
  const batch = onlyRow(bytes);
  const columns = columnsOf(scanData(batch));
  return judged({ columns, names: assetNames(columns.assets) });
}

/** Null unless the only types that apache-arrow does not know are in columns that we do not read. */
function readWithoutUnknown(frame: Frame): ScanRead | null {
  resetDecompressionBudget();
  const expanded = expandedFrame(frame);
  const fixed = expanded === null ? null : readFixedLayout(expanded);
  return fixed === null ? null : judged(fixed);
}

function judged({ columns, names }: FixedScan): ScanRead {
  const verdict = names.problem ?? judgeNumbers(columns);
  if (verdict.kind === "invalid") return verdict;
  const { invalidPositions } = verdict;
  return { kind: "scan", scan: decodedScan({ columns, names, invalidPositions }) };
}

/** `checkLimits` has made sure that all batches together hold one row; empty batches are skipped. */
function onlyRow(bytes: Uint8Array): RecordBatch {
  for (const batch of RecordBatchReader.from(bytes)) {
    if (batch.numRows === 1) return batch;
  }
  throw new Unreadable("rows_not_one", "no batch of the file has exactly one row");
}

function scanData(batch: RecordBatch): ScanData {
  const column = (name: ColumnName): Data => {
    const positions = batch.schema.fields.flatMap((field, at) => (field.name === name ? [at] : []));
    const data = batch.data.children[positions[0] ?? -1];
    if (data === undefined) throw new Unreadable("column_missing", `the column ${name} is missing`);
    if (positions.length !== 1) {
      throw new Unreadable("column_duplicate", `${positions.length} columns are named ${name}`);
    }
    return data;
  };
  return {
    scan_number: column("scan_number"),
    timestamp: column("timestamp"),
    assets: column("assets"),
    asset_prices: column("asset_prices"),
    eigenvalues: column("eigenvalues"),
  };
}

/** Whatever apache-arrow throws on damaged bytes says that they are damaged. */
function problemOf(error: unknown): InvalidScan {
  if (error instanceof Unreadable) return invalidScan(error.reason, error.message);
  if (error instanceof TooLongError) {
    return invalidScan("too_large", "the file's buffers decompress to more than a file may have");
  }
  const found = error instanceof Error ? error.message : "an unknown failure";
  return invalidScan("malformed", `apache-arrow could not read it (${found.slice(0, 200)})`);
}
