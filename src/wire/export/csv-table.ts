/** A table as CSV (RFC 4180): times in ISO 8601, numbers that read back to the same bits, nothing for null. */
import { isoFromMicros } from "../../domain/time.ts";
import type { Cell, ExportColumn, Table } from "./table.ts";

const ROWS_PER_PIECE = 1_000;

export function* csvOf({ columns, rows }: Table): Generator<string> {
  let piece = lineOf(columns.map(({ name }) => name));
  let count = 0;
  for (const row of rows) {
    piece += lineOf(columns.map((column, at) => cellText(column, row[at] ?? null)));
    count += 1;
    if (count < ROWS_PER_PIECE) continue;
    yield piece;
    piece = "";
    count = 0;
  }
  yield piece;
}

function cellText({ kind }: ExportColumn, cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "number") return String(cell);
  if (kind === "time") return isoFromMicros(cell);
  // The spelling that pandas reads.
  return Number.isFinite(cell) ? String(cell) : String(cell).replace("Infinity", "inf");
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(quoted).join(",")}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
