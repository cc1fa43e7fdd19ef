/** Writes a validated scan as the members of a JSON object, in the contract's order. */
import type { InvalidScan, ScanColumns } from "../../domain/scan/scan.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type { AssetNames } from "./asset-names.ts";
import type { Incomplete } from "./completeness.ts";
import { NUMBER_BYTES_MAX, writeNumber } from "./number-text.ts";

export type ScanRead =
  { readonly kind: "scan"; readonly scan: DecodedScan } | Incomplete | InvalidScan;

export type DecodedScan = {
  readonly scanNumber: number;
  /** ISO-8601 in UTC with six decimals. */
  readonly timestamp: string;
  /** The assets with a valid price. */
  readonly assetCount: number;
  readonly assetsInvalid: readonly string[];
  /** The contract's members from scan_number to assets_invalid, without the braces. */
  readonly json: string;
};

/** The numbers that `judgeNumbers` accepted, with the ascending positions of the assets that it left out. */
export type JudgedScan = {
  readonly columns: ScanColumns;
  readonly names: AssetNames;
  readonly invalidPositions: readonly number[];
};

export function decodedScan(judged: JudgedScan): DecodedScan {
  const { columns, names, invalidPositions } = judged;
  const timestamp = isoFromMicros(columns.timestampUs);
  return {
    scanNumber: columns.scanNumber,
    timestamp,
    assetCount: names.names.length - invalidPositions.length,
    assetsInvalid: invalidPositions.map((at) => names.names[at]!),
    json: `"scan_number":${columns.scanNumber},"timestamp":"${timestamp}",${listsText(judged)}`,
  };
}

const COMMA = 0x2c;
const COLON = 0x3a;
const ASSETS = Buffer.from(`"assets":[`);
const PRICES = Buffer.from(`],"asset_prices":{`);
const EIGENVALUES = Buffer.from(`},"eigenvalues":[`);
const INVALID = Buffer.from(`],"assets_invalid":[`);
const END = Buffer.from(`]`);
const PUNCTUATION_BYTES = 128;
/** Enough for 3,000 assets; a larger scan allocates its own buffer. */
const scratch = Buffer.alloc(256 * 1024);

/** Each list member is written with a trailing comma; the last comma is overwritten. */
function listsText(judged: JudgedScan): string {
  const { columns, names, invalidPositions } = judged;
  const { prices, eigenvalues } = columns;
  const numbers = prices.length + eigenvalues.length;
  const bytesMax = PUNCTUATION_BYTES + 2 * names.quoted.length + numbers * (NUMBER_BYTES_MAX + 1);
  const out = bytesMax <= scratch.length ? scratch : Buffer.alloc(bytesMax);
  let at = writeValidNames(out, writeBytes(out, 0, ASSETS), judged);
  at = writePrices(out, writeBytes(out, at - 1, PRICES), judged);
  at = writeBytes(out, at - 1, EIGENVALUES);
  for (let index = 0; index < eigenvalues.length; index += 1) {
    at = writeNumber(out, at, eigenvalues[index]!);
    out[at] = COMMA;
    at += 1;
  }
  at = writeBytes(out, 0 < eigenvalues.length ? at - 1 : at, INVALID);
  for (const position of invalidPositions) at = writeName(out, at, { names, position });
  at = writeBytes(out, 0 < invalidPositions.length ? at - 1 : at, END);
  return out.toString("utf8", 0, at);
}

function writeValidNames(out: Uint8Array, start: number, judged: JudgedScan): number {
  const { names, invalidPositions } = judged;
  if (invalidPositions.length === 0) return writeBytes(out, start, names.quoted);
  let at = start;
  let skipped = 0;
  for (let position = 0; position < names.names.length; position += 1) {
    if (position === invalidPositions[skipped]) skipped += 1;
    else at = writeName(out, at, { names, position });
  }
  return at;
}

function writePrices(out: Uint8Array, start: number, judged: JudgedScan): number {
  const { columns, names, invalidPositions } = judged;
  let at = start;
  let skipped = 0;
  for (let position = 0; position < names.names.length; position += 1) {
    if (position === invalidPositions[skipped]) {
      skipped += 1;
      continue;
    }
    at = writeName(out, at, { names, position });
    out[at - 1] = COLON;
    at = writeNumber(out, at, columns.prices[position]!);
    out[at] = COMMA;
    at += 1;
  }
  return at;
}

type NameAt = { readonly names: AssetNames; readonly position: number };

/** The name and its comma; names are short, so a loop is faster than a call. */
function writeName(out: Uint8Array, start: number, { names, position }: NameAt): number {
  const { quoted, starts } = names;
  const end = starts[position + 1]!;
  let at = start;
  for (let from = starts[position]!; from < end; from += 1) {
    out[at] = quoted[from]!;
    at += 1;
  }
  return at;
}

function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}
