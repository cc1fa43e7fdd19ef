/** `dolphin archive compact [DAY...]`: compacts each day's scan files into one file, and verifies it. */
import type { Command } from "commander";
import { compactDay, type CompactOutcome } from "../../operations/compaction/compact-day.ts";
import { finishedDaysToCompact } from "../../operations/compaction/days-to-compact.ts";
import { wallMs } from "../../adapters/clock.ts";
import { openSeqLookup } from "../../adapters/scan-journal/seq-lookup.ts";
import { messageOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";

const HELP = `
Without DAY: every day before today (UTC) that has no compacted file, or one that lacks scan files of
its folder. The scan files stay where they are; readers use the compacted file, and beside it the scan
files that came later. It is stored in <archive>/.compacted, named after its SHA-256.

Exit 0: all done. Exit 1: a day could not be compacted, or the result differed from the scan files
(they changed meanwhile); the previous compacted file stays. Exit 64: DAY is not a day.
--json prints {archive, days: [{day, kind: written | unchanged | empty | different | failed, file,
hash, rows, duplicates, refused, detail}], ok}.`;

export function addCompactCommand(archive: Command): void {
  archive
    .command("compact [day...]")
    .description("write a day's scan files into one file, and verify it against them")
    .option("--archive <dir>", "the archive")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(compactCommand);
}

type Options = { readonly json: boolean; readonly archive?: string };
type Report = CompactOutcome | { readonly day: string; readonly kind: "failed"; detail: string };

async function compactCommand(
  asked: readonly string[],
  options: Options,
  command: Command,
): Promise<void> {
  const wrong = asked.find((day) => !isDayFolder(day));
  if (wrong !== undefined) {
    throw new CliError(`'${wrong}' is not a day; write it as 2026-03-25`, EXIT_USAGE);
  }
  const { config } = openContext(command, { archive: options.archive });
  const days =
    asked.length === 0 ? finishedDaysToCompact(config.archive, wallMs()) : [...new Set(asked)];
  const lookup = openSeqLookup(config.data_dir);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("stopped; the unfinished file is discarded")));
  const reports: Report[] = [];
  try {
    for (const day of days) {
      const report = await compactOne(config.archive, day, { seqs: lookup.seqs, stop });
      reports.push(report);
      if (!options.json) process.stdout.write(`${lineOf(report)}\n`);
      if (stop.signal.aborted) break;
    }
  } finally {
    lookup.close();
  }
  const failed = reports.filter(({ kind }) => kind === "failed" || kind === "different");
  if (options.json) {
    const result = { archive: config.archive, days: reports, ok: failed.length === 0 };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else if (days.length === 0) {
    process.stdout.write("nothing to do: every finished day is compacted\n");
  }
  if (failed.length === 0) return;
  throw new CliError(`${failed.length} of ${days.length} days could not be compacted`);
}

async function compactOne(
  archive: string,
  day: string,
  how: Pick<Parameters<typeof compactDay>[2], "seqs"> & { readonly stop: AbortController },
): Promise<Report> {
  try {
    return await compactDay(archive, day, {
      seqs: how.seqs,
      nowMs: wallMs,
      onProgress: () => {},
      onProblem: (problem) => process.stderr.write(`dolphin: ${printable(problem)}\n`),
      signal: how.stop.signal,
    });
  } catch (error) {
    return { day, kind: "failed", detail: messageOf(error) };
  }
}

function lineOf(report: Report): string {
  switch (report.kind) {
    case "written":
    case "unchanged": {
      const { rows, duplicates, refused } = report;
      const counts = `${rows} scans, ${duplicates} duplicates, ${refused} refused`;
      return aligned([[report.day, report.kind, counts, report.hash.slice(0, 12)]]).join("");
    }
    case "empty":
      return `${report.day}  there are no scan files`;
    case "different":
      return `${report.day}  NOT compacted: ${printable(report.file)}: ${printable(report.detail)}`;
    case "failed":
      return `${report.day}  NOT compacted: ${printable(report.detail)}`;
  }
}
