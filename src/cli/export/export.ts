/** `dolphin export`: recorded tables as CSV or Arrow, for pandas and notebooks. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import {
  bookFolder,
  listSegmentDays,
  tradingRoot,
} from "../../adapters/event-log/segments/segment-files.ts";
import { type PieceSink, toFile, toStream } from "../../adapters/piece-sink/piece-sink.ts";
import { COUNTED_BOOK, hasLog, isBook } from "../../domain/trading/books.ts";
import { projectionPath } from "../../operations/event-log/event-log-maintenance.ts";
import { equityRows, tradeRows } from "../../operations/export/book-rows.ts";
import { eventRows } from "../../operations/export/event-rows.ts";
import { scanRows } from "../../operations/export/scan-rows.ts";
import type { Period } from "../../operations/trace/trace-period.ts";
import { arrowOf } from "../../wire/export/arrow-table.ts";
import { EXPORTS, type ExportName, isExport } from "../../wire/export/columns.ts";
import { csvOf } from "../../wire/export/csv-table.ts";
import type { ExportRow } from "../../wire/export/table.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { type PeriodFlags, periodFrom } from "../trace/period.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

type Flags = PeriodFlags & {
  readonly format: string;
  readonly book: string;
  readonly out?: string;
  readonly columns: boolean;
};

const NAMES = Object.keys(EXPORTS).join(", ");
const FORMATS = { csv: csvOf, arrow: arrowOf } as const;
const ALWAYS: Period = { sinceUs: 0, untilUs: Number.MAX_SAFE_INTEGER };

const HELP = `
WHAT: trades, equity (cash after each fill, total equity at the end of each day), events (the book's log), scans
(the hops of each scan, and the decision made on it). Can run beside the services; reads in small pieces.

A row belongs to a period by the end of its trade, the time of its event or fill, or the push of its scan; --until is
exclusive. csv has a header line, times in ISO 8601 (UTC), and empty fields for null. arrow is an IPC file (Feather 2)
with times in microseconds; each field's metadata contains its unit and description. --columns prints both
(docs/export.md).

With --out the file is written completely or not at all. Exit status:
  0   written
  1   nothing is recorded yet, or it could not be written (the line says which)
  64  wrong usage`;

export function addExportCommand(program: Command): void {
  program
    .command("export")
    .description("recorded tables for pandas and notebooks")
    .argument("<what>", NAMES)
    .option("--format <format>", "csv or arrow", "csv")
    .option("--since <time>", "such as 2h (ago), 2026-03-25 or a UTC time")
    .option("--until <time>", "only before this time")
    .option("--day <day>", "a UTC day, such as 2026-03-25")
    .option("--book <book>", `${COUNTED_BOOK}; no other book has a log of its own`, COUNTED_BOOK)
    .option("--out <file>", "write this file (default: standard output)")
    .option("--columns", "print the columns with their units, and export nothing", false)
    .addHelpText("after", HELP)
    .action(async (what: string, flags: Flags, command: Command) => {
      if (!isExport(what)) throw usage(`what to export must be one of ${NAMES}, was '${what}'`);
      if (flags.columns) {
        process.stdout.write(`${columnLines(what).join("\n")}\n`);
        return;
      }
      await write(what, flags, openContext(command).config.data_dir);
    });
}

async function write(what: ExportName, flags: Flags, dataDir: string): Promise<void> {
  const { format, book, out } = flags;
  if (format !== "csv" && format !== "arrow") {
    throw usage(`--format must be csv or arrow, was '${format}'`);
  }
  if (!isBook(book) || !hasLog(book)) {
    throw usage(`--book must be ${COUNTED_BOOK}, the only book with a log, was '${book}'`);
  }
  if (format === "arrow" && out === undefined && process.stdout.isTTY) {
    throw usage(
      "an Arrow file cannot be shown on a terminal: give --out FILE, or redirect the output",
    );
  }
  const period = periodFrom(flags, wallMs()) ?? ALWAYS;
  const rows = rowsOf(what, dataDir, period);
  const pieces = FORMATS[format]({ columns: EXPORTS[what], rows });
  const sink: PieceSink = out === undefined ? toStream(process.stdout) : toFile(out);
  await sink(pieces);
}

/** @throws {CliError} where nothing is recorded. */
function rowsOf(what: ExportName, dataDir: string, period: Period): Iterable<ExportRow> {
  const projection = projectionPath(dataDir);
  switch (what) {
    case "trades":
    case "equity":
      if (!existsSync(projection)) {
        throw new CliError(
          `there is no ${projection}: ${COUNTED_BOOK}'s log is not projected yet; ` +
            "start trader-blue and the bookkeeper, or give --data-dir",
        );
      }
      return what === "trades" ? tradeRows(projection, period) : equityRows(projection, period);
    case "events": {
      const place = { root: tradingRoot(dataDir), book: COUNTED_BOOK };
      const folder = bookFolder(place.root, place.book);
      if (listSegmentDays(folder).length === 0) {
        throw new CliError(`${folder} has no log yet: no trader has run here; give --data-dir`);
      }
      return eventRows(place, period);
    }
    case "scans": {
      const journal = scanJournalFile(dataDir);
      if (!existsSync(journal)) {
        throw new CliError(`there is no ${journal}: no bridge has run here; give --data-dir`);
      }
      return scanRows({ journal, projection }, period);
    }
  }
}

function columnLines(what: ExportName): readonly string[] {
  const rows = EXPORTS[what].map(({ name, kind, unit, says }) => [name, kind, unit, says]);
  return aligned([["column", "kind", "unit", "what it is"], ...rows]);
}

function usage(message: string): CliError {
  return new CliError(message, EXIT_USAGE);
}
