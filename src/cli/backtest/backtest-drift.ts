/** `dolphin backtest drift DATE --book BLUE`: how far a recorded day went from its backtest, and why. */
import type { Command } from "commander";
import { driftOfRecordedDay } from "../../operations/replay/recorded-day.ts";
import { countsText } from "../../domain/backtest/drift/drift.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { sayProblem } from "./local-run.ts";
import { COUNTED_BOOK, isBook } from "../../domain/trading/books.ts";

const HELP = `
Runs the day's scans from the archive through the core, with the book's configuration and its state at
the start of the day, and compares every decision and every trade with the recorded ones. Each
difference has a cause: late (the scan arrived late or out of order), gap (lost, repaired, from a
backlog, or not archived), latency (too old when the trader processed it), feature (posture or a
feature became known later than the time it describes), knock_on (follows from an earlier difference),
unexplained.

Exit 0: measured, whatever was found. Exit 3: not measured; the line says why. Exit 64: wrong usage.
--json prints {book, day, measured, scans: {recorded, archived, unnumbered}, decisions: {compared,
differences, causes}, trades: the same, pnl: {recorded, archived}, first: [{what, cause, seq, recorded,
archived}]}, or {book, day, measured: false, reason}.`;

const EXIT_NOT_MEASURED = 3;

type DriftOptions = { readonly book: string; readonly archive?: string; readonly json: boolean };

export function addDriftCommand(backtest: Command): void {
  backtest
    .command("drift <date>")
    .description("how far a book's recorded day differs from its backtest, and why")
    .option("--book <book>", `${COUNTED_BOOK}; no other book has a log of its own`, COUNTED_BOOK)
    .option("--archive <dir>", "the archive")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (day: string, options: DriftOptions, command: Command) => {
      if (!isDayFolder(day)) throw usage(`the date must be a day such as 2026-03-25, was '${day}'`);
      const { book, archive, json } = options;
      if (!isBook(book)) {
        throw usage(`--book must be ${COUNTED_BOOK}, was '${book}'`);
      }
      const { config: settings } = openContext(command, { archive });
      const drift = await driftOfRecordedDay({ settings, book, day }, sayProblem);
      const text = json ? JSON.stringify(drift, null, 2) : textOf(drift);
      process.stdout.write(`${text}\n`);
      if (!drift.measured) process.exitCode = EXIT_NOT_MEASURED;
    });
}

function usage(message: string): CliError {
  return new CliError(message, EXIT_USAGE);
}

function textOf(day: DayDrift): string {
  const name = `${day.book} ${day.day}`;
  if (!day.measured) return `${name}: not measured: ${printable(day.reason)}`;
  const { scans, decisions, trades, pnl, first } = day;
  const lines = [
    `${name}: ${scans.recorded} scans recorded, ${scans.archived} in the archive`,
    `  decisions: ${countsText(decisions)}`,
    `  trades: ${countsText(trades)}`,
    `  pnl: recorded ${pnl.recorded}, from the archive ${pnl.archived}`,
    ...first.flatMap(({ what, cause, seq, recorded, archived }) => [
      `  first ${what} by ${cause}, seq ${seq}:`,
      `    recorded ${recorded ?? "none"}`,
      `    archive  ${archived ?? "none"}`,
    ]),
  ];
  return lines.map(printable).join("\n");
}
