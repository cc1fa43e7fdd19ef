/** Writes a judged scan as the members of a JSON object, in the contract's order. */
import type { InvalidScan, ScanColumns } from "../../domain/scan/scan.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { assetNames, type AssetNames } from "./asset-names.ts";
import type { Incomplete } from "./completeness.ts";

export type ScanRead =
  { readonly kind: "scan"; readonly scan: DecodedScan } | Incomplete | InvalidScan;

export type DecodedScan = {
  readonly scanNumber: number;
  readonly timestamp: string;
  /** The assets with a valid price. */
  readonly assetCount: number;
  readonly assetsInvalid: readonly string[];
  /** JSON members without braces: scan_number, timestamp, assets, asset_prices, eigenvalues, assets_invalid. */
  readonly json: string;
};

export function decodedScan(
  columns: ScanColumns,
  names: AssetNames,
  invalidPositions: readonly number[],
): DecodedScan {
  const timestamp = isoFromMicros(columns.timestampUs);
  const leftOut = new Set(invalidPositions);
  const kept =
    leftOut.size === 0 ? names : assetNames(names.names.filter((_, at) => !leftOut.has(at)));
  const prices: string[] = [];
  for (const [at, quoted] of names.quoted.entries()) {
    if (!leftOut.has(at)) prices.push(`${quoted}:${columns.prices[at]}`);
  }
  const assetsInvalid = invalidPositions.map((at) => names.names[at] ?? "");
  const json =
    `"scan_number":${columns.scanNumber},"timestamp":"${timestamp}","assets":[${kept.list}],` +
    `"asset_prices":{${prices.join(",")}},"eigenvalues":[${columns.eigenvalues.join(",")}],` +
    `"assets_invalid":${JSON.stringify(assetsInvalid)}`;
  return {
    scanNumber: columns.scanNumber,
    timestamp,
    assetCount: kept.names.length,
    assetsInvalid,
    json,
  };
}
