/** `dolphin up`: the whole stack on one machine. */
import { type Command, Option } from "commander";
import { provideLeanMessages } from "../adapters/temporal/lean-messages.ts";
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
and keeps them running. Everything listens on 127.0.0.1 and keeps its state in the data directory.
The first Ctrl-C stops it in order, the second one at once.

Exit status:
  0   stopped as asked; with --for or --summary only if scans flowed end to end and all is healthy
  1   it did not start, or scans did not flow, or something is unhealthy (--summary says what)
  78  bad configuration, a port that is taken, or a checkout that is not set up`;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("embedded Temporal and Hazelcast, workers, services, dashboard")
    .option("--demo", "also write scans, as the upstream engine would", false)
    .option("--for <time>", "stop after this time (500ms, 60s, 5m, 1h)", parseDuration)
    .option("--summary <file>", "write what happened as JSON at the end")
    .option("--archive <dir>", "the scan archive (default: arrow_scans in the data directory)")
    .addOption(new Option("--ports <mode>", "take free ports").choices(["auto"]))
    .addHelpText("after", HELP)
    .action(async (flags: UpFlags, command: Command) => {
      const { loaded } = openContext(command, { archive: flags.archive });
      provideLeanMessages();
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
