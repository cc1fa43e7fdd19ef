/**
 * Decides whether the columns of a file are a scan that may be pushed, and which assets are left out.
 * Invariant: a price that is null, NaN, infinite, zero or negative never counts as a price.
 */
import {
  ASSET_NAME_LENGTH_MAX,
  invalidScan,
  SCAN_ASSETS_MAX,
  type InvalidScan,
  type ScanColumns,
} from "./scan.ts";

export type ScanVerdict =
  { readonly kind: "valid"; readonly invalidPositions: readonly number[] } | InvalidScan;

/** Shared, so that the usual scan without invalid prices allocates nothing. */
const NONE: readonly number[] = [];
const ALL_VALID: ScanVerdict = { kind: "valid", invalidPositions: NONE };

/** Judges the names alone: they seldom change, so a reader may cache the result. */
export function judgeAssets(assets: readonly string[]): InvalidScan | null {
  if (assets.length === 0) {
    return invalidScan("assets_empty", "assets is an empty list; a scan needs at least one asset");
  }
  if (SCAN_ASSETS_MAX < assets.length) return tooManyAssets(assets.length);
  const seen = new Set<string>();
  for (const [position, name] of assets.entries()) {
    if (name.length === 0 || ASSET_NAME_LENGTH_MAX < name.length) {
      return badAssetName(position, `${name.length} characters long`);
    }
    if (seen.has(name)) return duplicateAsset(name, position);
    seen.add(name);
  }
  return null;
}

/** Judges everything but the names, which `judgeAssets` has accepted. */
export function judgeNumbers(columns: ScanColumns): ScanVerdict {
  const { scanNumber, timestampUs, assets, prices, eigenvalues } = columns;
  if (!Number.isSafeInteger(scanNumber) || scanNumber < 1) {
    return invalidScan(
      "scan_number_range",
      `scan_number was ${scanNumber}; it must count from 1 and stay below 2^53`,
    );
  }
  if (!Number.isSafeInteger(timestampUs)) {
    return invalidScan(
      "timestamp_range",
      `timestamp was ${timestampUs} us since 1970; it must lie between the years 1685 and 2255`,
    );
  }
  if (prices.length !== assets.length) return lengthMismatch(prices.length, assets.length);
  return judgeEigenvalues(eigenvalues) ?? judgePrices(prices);
}

export function tooManyAssets(count: number): InvalidScan {
  return invalidScan(
    "too_many_assets",
    `the scan lists ${count} assets or eigenvalues; at most ${SCAN_ASSETS_MAX} are read`,
  );
}

export function lengthMismatch(prices: number, assets: number): InvalidScan {
  return invalidScan(
    "length_mismatch",
    `asset_prices has ${prices} values for ${assets} assets; the two lists must be equally long`,
  );
}

export function duplicateAsset(name: string, position: number): InvalidScan {
  return invalidScan(
    "duplicate_asset",
    `asset ${JSON.stringify(name)} stands at position ${position} for the second time; ` +
      "each asset must be listed once",
  );
}

export function badAssetName(position: number, found: string): InvalidScan {
  return invalidScan(
    "asset_name",
    `the asset at position ${position} is ${found}; ` +
      `a name is valid UTF-8 of 1 to ${ASSET_NAME_LENGTH_MAX} characters`,
  );
}

function judgeEigenvalues(eigenvalues: Float64Array): InvalidScan | null {
  if (SCAN_ASSETS_MAX < eigenvalues.length) return tooManyAssets(eigenvalues.length);
  let previous = Number.MAX_VALUE;
  for (let at = 0; at < eigenvalues.length; at += 1) {
    const value = eigenvalues[at] ?? Number.NaN;
    if (value <= previous && -Number.MAX_VALUE <= value) previous = value;
    else return badEigenvalue(at, value, previous);
  }
  return null;
}

function badEigenvalue(at: number, value: number, previous: number): InvalidScan {
  return Number.isFinite(value)
    ? invalidScan(
        "eigenvalues_not_descending",
        `eigenvalue ${at} was ${value} after ${previous}; they must descend`,
      )
    : invalidScan(
        "eigenvalues_not_finite",
        `eigenvalue ${at} was ${value} or null; write an empty list while there are none`,
      );
}

function judgePrices(prices: Float64Array): ScanVerdict {
  let invalid: number[] | null = null;
  for (let at = 0; at < prices.length; at += 1) {
    const price = prices[at] ?? Number.NaN;
    if (0 < price && price <= Number.MAX_VALUE) continue;
    (invalid ??= []).push(at);
  }
  if (invalid === null) return ALL_VALID;
  const valid = prices.length - invalid.length;
  if (valid * 2 < prices.length) {
    return invalidScan(
      "too_few_valid_prices",
      `${valid} of ${prices.length} prices are positive and finite; at least half must be`,
    );
  }
  return { kind: "valid", invalidPositions: invalid };
}
