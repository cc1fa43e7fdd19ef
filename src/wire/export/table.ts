/** An exported table: its columns with their units, and an iterator of its rows. */

/** `time`: microseconds since the epoch, UTC; `integer`: within 53 bits. */
export type ColumnKind = "integer" | "number" | "text" | "time" | "flag";

export type ExportColumn = {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Empty where the column has no unit. */
  readonly unit: string;
  readonly says: string;
};

export type Cell = number | string | boolean | null;
/** One cell for each column, of its kind, or null. */
export type ExportRow = readonly Cell[];

export type Table = {
  readonly columns: readonly ExportColumn[];
  readonly rows: Iterable<ExportRow>;
};
