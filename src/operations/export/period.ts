/** Rows of a period, by the time of each. */
import type { ExportRow } from "../../wire/export/table.ts";
import type { Period } from "../trace/trace-period.ts";

export type TimedRow = { readonly atUs: number; readonly row: ExportRow };

export function* within(
  rows: Iterable<TimedRow>,
  { sinceUs, untilUs }: Period,
): Generator<ExportRow> {
  for (const { atUs, row } of rows) if (sinceUs <= atUs && atUs < untilUs) yield row;
}
