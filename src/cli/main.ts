/** The `dolphin` command line: parses, and loads only the module of the verb that was asked for. */
import { Command, CommanderError } from "commander";
import { ConfigError } from "../config.ts";
import { CliError, EXIT_CONFIGURATION, EXIT_USAGE } from "./context.ts";

type Verb = {
  readonly summary: string;
  /** Adds the verb, its options and its action to the program. */
  load(): Promise<(program: Command) => void>;
};

const VERBS: Readonly<Record<string, Verb>> = {
  up: {
    summary: "embedded Temporal and Hazelcast, workers, services; --demo adds the scan simulator",
    load: async () => (await import("./up.ts")).addUpCommand,
  },
  worker: {
    summary: "run the workers of these layers against the configured servers",
    load: async () => (await import("./worker.ts")).addWorkerCommand,
  },
  create: {
    summary: "search attributes, supervisors and schedules, where they are missing",
    load: async () => (await import("./create.ts")).addCreateCommand,
  },
  start: {
    summary: "start a service, or all",
    load: async () => (await import("./control.ts")).addStartCommand,
  },
  stop: {
    summary: "stop a service, or all, and keep it stopped",
    load: async () => (await import("./control.ts")).addStopCommand,
  },
  restart: {
    summary: "restart a service, or all",
    load: async () => (await import("./control.ts")).addRestartCommand,
  },
  enter: {
    summary: "open a position of a book by hand: to its trader at once",
    load: async () => (await import("./trader/trader-verbs.ts")).addEnterCommand,
  },
  flatten: {
    summary: "close a book's positions and halt it: to its trader at once",
    load: async () => (await import("./trader/trader-verbs.ts")).addFlattenCommand,
  },
  halt: {
    summary: "no entries into a book",
    load: async () => (await import("./trader/trader-verbs.ts")).addHaltCommand,
  },
  promote: {
    summary: "let BLUE run GREEN's version, and GREEN BLUE's, when both are flat",
    load: async () => (await import("./trader/promote.ts")).addPromoteCommand,
  },
  resume: {
    summary: "end a book's halt and its latched limits",
    load: async () => (await import("./trader/trader-verbs.ts")).addResumeCommand,
  },
  status: {
    summary: "services and servers: the word on each, why, and how old its data is",
    load: async () => (await import("./status.ts")).addStatusCommand,
  },
  logs: {
    summary: "the services' logs",
    load: async () => (await import("./logs.ts")).addLogsCommand,
  },
  archive: {
    summary: "the scan archive: ls, audit (files on disk = seqs pushed), compact, quarantine",
    load: async () => (await import("./archive.ts")).addArchiveCommand,
  },
  replay: {
    summary: "run a recorded day of a book again and compare it with what was recorded",
    load: async () => (await import("./trader/replay.ts")).addReplayCommand,
  },
  journal: {
    summary: "a book's log: cut, to give up its end after damage",
    load: async () => (await import("./trader/journal-cut.ts")).addJournalCommand,
  },
  backtest: {
    summary: "a strategy over the archive: run, sweep, check (look-ahead)",
    load: async () => (await import("./backtest/backtest-verbs.ts")).addBacktestCommand,
  },
  config: {
    summary: "the effective configuration, and where each value came from",
    load: async () => (await import("./config.ts")).addConfigCommand,
  },
  simulate: {
    summary: "write scan files at a rate (the demo's NG6)",
    load: async () => (await import("./simulate.ts")).addSimulateCommand,
  },
};

const FAILED_GRACE_MS = 500;
/** Global options that take a value: their value is not the verb. */
const OPTIONS_WITH_VALUE = new Set(["--config", "--data-dir"]);

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("dolphin")
    .description("A durable, multi-speed trading pipeline.")
    .option("--config <file>", "the configuration file (default: ./dolphin.yaml or DOLPHIN_CONFIG)")
    .option("--data-dir <dir>", "where DOLPHIN keeps its state (default: .dolphin)")
    .showHelpAfterError("(dolphin --help lists the verbs)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "dolphin: ")) })
    .exitOverride();
  const asked = verbIn(argv);
  const verb = asked === undefined ? undefined : VERBS[asked];
  if (verb === undefined) {
    for (const [name, { summary }] of Object.entries(VERBS)) program.command(name).summary(summary);
  } else {
    (await verb.load())(program);
  }
  if (argv.length === 0) program.help({ error: true });
  await program.parseAsync([...argv], { from: "user" });
}

function verbIn(argv: readonly string[]): string | undefined {
  return argv.find(
    (word, index) => !word.startsWith("-") && !OPTIONS_WITH_VALUE.has(argv[index - 1] ?? ""),
  );
}

/** One clear line on stderr, and the exit code of the contract. */
function fail(error: unknown): void {
  // What a failed verb has left open must not keep it.
  setTimeout(() => process.exit(), FAILED_GRACE_MS).unref();
  if (error instanceof CommanderError) {
    // Commander has said what is wrong, or shown the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`dolphin: ${message}\n`);
  if (error instanceof ConfigError) process.exitCode = EXIT_CONFIGURATION;
  else process.exitCode = error instanceof CliError ? error.exitCode : 1;
}

// A reader that has seen enough (`dolphin logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

await main(process.argv.slice(2)).catch(fail);
