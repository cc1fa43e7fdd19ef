/**
 * Verifies a compacted file against its scan files with the bridge's own reader: every file's SHA-256, and the exact
 * text that the bridge pushes for it.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { judgeNumbers } from "../../domain/scan/validity.ts";
import { assetNames, type AssetNames } from "../../wire/arrow/asset-names.ts";
import { type GeneralReader, readScanFast } from "../../wire/arrow/read-scan.ts";
import { decodedScan } from "../../wire/arrow/scan-json.ts";
import { HASH_BYTES, type ArchiveChunk } from "../../wire/day-file/archive-chunk.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile } from "../../adapters/archive/read-scan-file.ts";
import type { CompactedDay } from "../../adapters/archive/days/compacted-days.ts";

export type Verification =
  /** `kept`: rows whose file was deleted or changed; they come from the previous compacted file. */
  | { readonly kind: "equal"; readonly rows: number; readonly kept: number }
  | { readonly kind: "different"; readonly file: string; readonly detail: string };

export type VerifyDeps = {
  readonly archive: string;
  readonly general: GeneralReader;
  readonly onProgress: (rows: number) => void;
};

const TURN_ROWS = 64;

export async function verifyDay(deps: VerifyDeps, day: CompactedDay): Promise<Verification> {
  let rows = 0;
  let kept = 0;
  let names: AssetNames | null = null;
  for (const chunk of day.chunks()) {
    if (names?.names !== chunk.assets) names = assetNames(chunk.assets);
    for (let row = 0; row < chunk.rows; row += 1) {
      const verdict = await verifyRow(deps, { chunk, row, names });
      if (verdict === "kept") kept += 1;
      else if (verdict !== "equal") {
        return { kind: "different", file: chunk.file(row), detail: verdict };
      }
      rows += 1;
      if (rows % TURN_ROWS !== 0) continue;
      deps.onProgress(rows);
      await nextTurn();
    }
  }
  if (rows === day.header.rows) return { kind: "equal", rows, kept };
  const detail = `it has ${rows} rows and promises ${day.header.rows}`;
  return { kind: "different", file: day.path, detail };
}

type Row = { readonly chunk: ArchiveChunk; readonly row: number; readonly names: AssetNames };

async function verifyRow(deps: VerifyDeps, at: Row): Promise<string> {
  const { chunk, row } = at;
  const read = readScanFile(pathOf(deps.archive, chunk.file(row)));
  if (read.kind !== "read") return read.kind === "gone" ? "kept" : `the file is ${read.kind}`;
  const hash = chunk.hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
  if (!hashOf(read.bytes).equals(hash)) {
    const isSame = read.stat.size === chunk.sizes[row] && read.stat.mtimeUs === chunk.mtimeUs[row];
    return isSame ? "its SHA-256 is another one" : "kept";
  }
  const fast = readScanFast(read.bytes);
  const scan = fast.kind === "needs_general" ? await deps.general.read(read.bytes.slice()) : fast;
  if (scan.kind !== "scan") return `it reads as ${scan.kind}: ${scan.detail}`;
  const text = textOf(at);
  return text === scan.scan.json ? "equal" : "its values are other ones";
}

/** The text that the bridge would push for the row; the reason where it would push nothing. */
function textOf({ chunk, row, names }: Row): string {
  const width = chunk.assets.length;
  const columns = {
    scanNumber: chunk.scanNumber[row]!,
    timestampUs: chunk.timesUs[row]!,
    assets: chunk.assets,
    prices: chunk.prices.subarray(row * width, (row + 1) * width),
    eigenvalues: chunk.eigenvalues.subarray(
      chunk.eigenvalueOffsets[row],
      chunk.eigenvalueOffsets[row + 1],
    ),
  };
  const verdict = names.problem ?? judgeNumbers(columns);
  if (verdict.kind === "invalid") return verdict.reason;
  return decodedScan({ columns, names, invalidPositions: verdict.invalidPositions }).json;
}
