/** Recorded readings as CSV or Arrow, one row each, in the order in which they became known. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { KnownReading } from "../../domain/indicators/known-readings.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { READINGS } from "../../wire/export/columns.ts";
import { csvOf } from "../../wire/export/csv-table.ts";
import type { ExportRow } from "../../wire/export/table.ts";
import { CliError } from "../context.ts";

/** Limit for Arrow, which is built in memory. */
const ROWS_MAX = 5_000_000;

export async function writeReadings(
  readings: Iterable<KnownReading>,
  about: {
    readonly names: readonly string[];
    readonly format: "csv" | "arrow";
    readonly out: string | null;
  },
): Promise<void> {
  const { names, format, out } = about;
  const wanted = only(readings, names);
  const file = out === null ? 1 : openSync(out, "w", 0o600);
  try {
    if (format === "csv") {
      const rows = rowsOf(wanted, Number.POSITIVE_INFINITY);
      for (const piece of csvOf({ columns: READINGS, rows })) writeAll(file, Buffer.from(piece));
    } else {
      const { arrowOf } = await import("../../wire/export/arrow-table.ts");
      const pieces = [...arrowOf({ columns: READINGS, rows: rowsOf(wanted, ROWS_MAX) })];
      for (const piece of pieces) writeAll(file, piece);
    }
  } finally {
    if (out !== null) closeSync(file);
  }
}

function* only(readings: Iterable<KnownReading>, names: readonly string[]) {
  for (const reading of readings) {
    const { series } = reading;
    const isWanted = names.some((name) => series === name || series.startsWith(`${name}.`));
    if (names.length === 0 || isWanted) yield reading;
  }
}

/** @throws {CliError} where there are too many for an Arrow file. */
function* rowsOf(readings: Iterable<KnownReading>, countMax: number): Generator<ExportRow> {
  let count = 0;
  for (const one of readings) {
    count += 1;
    if (countMax < count) {
      throw new CliError(`more than ${countMax} rows: give --from and --to, or names`);
    }
    yield [
      one.series,
      Math.round(one.asOfMs * US_PER_MS),
      one.fetchedUs,
      one.pushedUs,
      one.value,
      one.unit,
      one.source,
      one.sourceHash,
    ];
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
