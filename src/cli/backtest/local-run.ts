/** Shared by runs and sweeps in this process: progress, problems, interruption, and the output. */
import type { ArchiveRange } from "../../operations/backtest/archive-chunks.ts";
import { countScansAbout } from "../../operations/backtest/count-scans.ts";
import { messageOf } from "../../domain/failure.ts";
import { CliError, EXIT_USAGE } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { NO_PROGRESS, openProgressLine, type ProgressLine } from "./progress-line.ts";
import type { RunOptions } from "./run-options.ts";

/** The written files, by kind. */
export type Files = Readonly<Record<string, string>>;

export type LocalHooks = {
  readonly onProgress: ProgressLine["note"];
  readonly onProblem: (problem: string) => void;
  readonly signal: AbortSignal;
};

/** The record as JSON text. @throws {CliError} */
export async function runLocally(
  range: ArchiveRange,
  json: boolean,
  run: (hooks: LocalHooks) => Promise<object>,
): Promise<string> {
  const isWatched = process.stderr.isTTY && !json;
  const progress = isWatched ? openProgressLine("scans", countScansAbout(range)) : NO_PROGRESS;
  try {
    const signal = stopOnInterrupt();
    return JSON.stringify(await run({ onProgress: progress.note, onProblem: sayProblem, signal }));
  } catch (error) {
    throw new CliError(printable(messageOf(error)));
  } finally {
    progress.end();
  }
}

/** The record and its files as JSON, or their `summary`. */
export function printRecord(
  { text, files, json }: { readonly text: string; readonly files: Files; readonly json: boolean },
  summary: (text: string, files: Files) => string,
): void {
  const record: object = JSON.parse(text);
  process.stdout.write(
    json ? `${JSON.stringify({ ...record, files }, null, 2)}\n` : summary(text, files),
  );
}

/** A worker writes its files into its own data directory. */
export function expectNoOut({ out }: RunOptions): void {
  if (out !== undefined) throw new CliError("--out needs --local", EXIT_USAGE);
}

export function sayProblem(problem: string): void {
  process.stderr.write(`dolphin: ${printable(problem)}\n`);
}

function stopOnInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () =>
    stop.abort(new Error("stopped; the results of this run are discarded")),
  );
  return stop.signal;
}
