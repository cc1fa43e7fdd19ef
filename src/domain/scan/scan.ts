/** The content of a scan file, its limits, and every reason why a file is not a scan. */

export const SCAN_FILE_BYTES_MAX = 64 * 1024 * 1024;
export const SCAN_ASSETS_MAX = 10_000;
export const ASSET_NAME_LENGTH_MAX = 64;

/** The columns of the one row, as numbers and names; a null price or eigenvalue becomes NaN. */
export type ScanColumns = {
  readonly scanNumber: number;
  /** Microseconds since the epoch. */
  readonly timestampUs: number;
  readonly assets: readonly string[];
  /** In the order of `assets`. */
  readonly prices: Float64Array;
  readonly eigenvalues: Float64Array;
};

export type InvalidReason =
  | "truncated"
  | "not_arrow"
  | "malformed"
  | "trailing_bytes"
  | "too_large"
  | "unsupported"
  | "rows_not_one"
  | "column_missing"
  | "column_duplicate"
  | "column_type"
  | "value_null"
  | "length_mismatch"
  | "assets_empty"
  | "too_many_assets"
  | "asset_name"
  | "duplicate_asset"
  | "scan_number_range"
  | "timestamp_range"
  | "timestamp_text"
  | "too_few_valid_prices"
  | "eigenvalues_not_finite"
  | "eigenvalues_not_descending"
  | "parse_timeout"
  | "parse_memory";

/** Why a file is not a scan: a code for programs, and a sentence for people that says what to do. */
export type InvalidScan = {
  readonly kind: "invalid";
  readonly reason: InvalidReason;
  readonly detail: string;
};

export function invalidScan(reason: InvalidReason, detail: string): InvalidScan {
  return { kind: "invalid", reason, detail };
}
