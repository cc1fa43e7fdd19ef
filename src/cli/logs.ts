/** `dolphin logs`: the log files of services, servers and workers, readable and in order of time. */
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { writesElsewhere } from "../adapters/files/log-files.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import type { UpFile } from "../wire/up-file.ts";
import { CliError, EXIT_USAGE, openContext } from "./context.ts";
import type { TimedLine } from "../wire/log-line.ts";
import { renderLine } from "./rendering/log-lines.ts";
import { follow, lastOf, logNames, type LogView } from "./rendering/log-view.ts";

type LogsOptions = { readonly follow: boolean; readonly lines: number; readonly json: boolean };

const LINES_DEFAULT = 50;
const LINES_MAX = 100_000;
const PROCESS_NAMES = [
  "temporal",
  "hazelcast",
  "worker",
  "up",
  "simulator",
  "watchdog",
  "dashboard",
];

export function addLogsCommand(program: Command): void {
  program
    .command("logs")
    .description("the services' logs; without a name all of them, in order of time (UTC)")
    .argument(
      "[service]",
      `a service or process: ${[...SERVICE_NAMES, ...PROCESS_NAMES].join(", ")}`,
    )
    .option("-f, --follow", "follow new lines, across rotations", false)
    .option("-n, --lines <n>", "number of last lines", lineCount, LINES_DEFAULT)
    .option("--json", "print the lines as they are in the files", false)
    .action(showLogs);
}

async function showLogs(
  service: string | undefined,
  options: LogsOptions,
  command: Command,
): Promise<void> {
  const { config, up } = openContext(command);
  const folder = join(config.data_dir, "logs");
  const known = [...new Set([...SERVICE_NAMES, ...PROCESS_NAMES, ...logNames(folder)])];
  if (service !== undefined && !known.includes(service)) {
    throw new CliError(
      `there is no service '${service}'; known are ${known.join(", ")}`,
      EXIT_USAGE,
    );
  }
  const view: LogView = { folder, name: service ?? null };
  if (logNames(folder).length === 0) {
    process.stderr.write(`dolphin: no logs in ${folder} yet\n`);
  }
  for (const name of service === undefined ? known : [service]) tellIfMoved(up, folder, name);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const print = (lines: readonly TimedLine[]) => {
    const texts = lines.map((line) =>
      options.json ? line.raw : renderLine(line, service === undefined),
    );
    if (texts.length > 0) process.stdout.write(`${texts.join("\n")}\n`);
  };
  if (!options.follow) {
    print(lastOf(view, options.lines));
    return;
  }
  // Following starts before the last lines are read: a line may come twice where they meet, but none is missed.
  const added = follow(view, stop.signal);
  const first = added.next();
  print(lastOf(view, options.lines));
  for (let batch = await first; batch.done !== true; batch = await added.next()) print(batch.value);
}

/** A server keeps its log file open: a file that was moved away stays the one it writes to. */
function tellIfMoved(up: UpFile | null, folder: string, name: string): void {
  const pid = up?.services[name]?.pid;
  if (pid === undefined) return;
  const files = ["log", "out"].map((ending) => join(folder, `${name}.${ending}`));
  const where = writesElsewhere(pid, files);
  if (where === null) return;
  process.stderr.write(
    `dolphin: the log of ${name} was moved or deleted: its lines go to ${where} until ${name} starts again\n`,
  );
}

function lineCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > LINES_MAX) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${LINES_MAX}.`);
  }
  return count;
}
