/** `dolphin up`: the whole stack on one machine. */
import { type Command, Option } from "commander";
import { openContext } from "./context.ts";
import { parseDuration } from "./parse-duration.ts";

type UpFlags = {
  readonly demo: boolean;
  readonly for?: number;
  readonly summary?: string;
  readonly archive?: string;
  readonly ports?: "auto";
};

const HELP = `
Starts the real Temporal server with its Web UI, a Hazelcast member, the workers and their services,
and keeps them running. Everything listens on 127.0.0.1 and stores its state in the data directory.
The first Ctrl-C stops everything in order, the second one at once.

Exit status:
  0   stopped as requested; with --for or --summary only if scans flowed end to end and all is healthy
  1   it did not start, or scans did not flow, or something is unhealthy (--summary says what)
  78  bad configuration, a port that is taken, or a checkout that is not set up`;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("embedded Temporal and Hazelcast, workers, services, dashboard")
    .option("--demo", "also run the scan simulator, in place of the upstream engine", false)
    .option("--for <time>", "stop after this time (500ms, 60s, 5m, 1h)", parseDuration)
    .option("--summary <file>", "write a summary of the run as JSON at the end")
    .option("--archive <dir>", "the scan archive (default: arrow_scans in the data directory)")
    .addOption(
      new Option("--ports <mode>", "auto: use free ports instead of the configured ones").choices([
        "auto",
      ]),
    )
    .addHelpText("after", HELP)
    .action(async (flags: UpFlags, command: Command) => {
      const { loaded } = openContext(command, { archive: flags.archive });
      const { runUp } = await import("./up/session.ts");
      const exitCode = await runUp({
        loaded,
        demo: flags.demo,
        forMs: flags.for ?? null,
        summaryFile: flags.summary ?? null,
        autoPorts: flags.ports === "auto",
      });
      process.exit(exitCode);
    });
}
