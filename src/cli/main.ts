/**
 * The `dolphin` command line: lets a running `up` answer where possible; else parses the arguments and loads only the
 * module of the requested verb. Invariant: no package is loaded before it is needed.
 */
import type { Command } from "commander";
import { withoutProxyOnLoopback } from "../domain/loopback.ts";
import { EXIT_USAGE } from "../domain/supervision/exit-codes.ts";
import { askRunning } from "./quick/ask-running.ts";

type Verb = {
  readonly summary: string;
  /** Registers the verb, its options and its action. */
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
    summary: "create or update search attributes, supervisors and schedules as declared",
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
    summary: "open a position of a book by hand, directly at its trader",
    load: async () => (await import("./trader/trader-verbs.ts")).addEnterCommand,
  },
  flatten: {
    summary: "close a book's positions and halt it, directly at its trader",
    load: async () => (await import("./trader/trader-verbs.ts")).addFlattenCommand,
  },
  close: {
    summary: "close a position in the book only, at a given price",
    load: async () => (await import("./trader/trader-verbs.ts")).addCloseCommand,
  },
  halt: {
    summary: "stop entries into a book",
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
    summary: "services and servers: the state of each, why, and the age of its data",
    load: async () => (await import("./status.ts")).addStatusCommand,
  },
  top: {
    summary: "the overview, live on a terminal",
    load: async () => (await import("./top/top.ts")).addTopCommand,
  },
  health: {
    summary: "the five sensors, rm_meta, and the causes behind them, each with its facts",
    load: async () => (await import("./health/health.ts")).addHealthCommand,
  },
  safety: {
    summary: "show how much may be risked, and why; halt: stop trading; resume: end the stop",
    load: async () => (await import("./safety/safety-verbs.ts")).addSafetyCommand,
  },
  watchdog: {
    summary: "run the safety watchdog by itself; under 'up' it runs already",
    load: async () => (await import("./safety/watchdog.ts")).addWatchdogCommand,
  },
  dashboard: {
    summary: "serve the dashboard by itself; under 'up' it runs already",
    load: async () => (await import("./dashboard/dashboard.ts")).addDashboardCommand,
  },
  why: {
    summary: "explain no-trade, restart, posture, health: each rule with its value and threshold",
    load: async () => (await import("./why/why-verbs.ts")).addWhyCommand,
  },
  alerts: {
    summary: "open incidents: ls, show, ack, mute, unmute; test CHANNEL sends one test alert",
    load: async () => (await import("./alerts/alerts-verbs.ts")).addAlertsCommand,
  },
  trace: {
    summary: "a scan from its file to a fill, hop by hop; percentiles over a period",
    load: async () => (await import("./trace/trace.ts")).addTraceCommand,
  },
  export: {
    summary: "trades, events, scans, equity as CSV or Arrow, for pandas and notebooks",
    load: async () => (await import("./export/export.ts")).addExportCommand,
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
    summary: "a book's log: cut, to truncate its end after damage",
    load: async () => (await import("./trader/journal-cut.ts")).addJournalCommand,
  },
  backup: {
    summary: "copy the data directory and Temporal's database while everything runs",
    load: async () => (await import("./backup/backup.ts")).addBackupCommand,
  },
  restore: {
    summary: "bring a backup back into an empty data directory",
    load: async () => (await import("./backup/restore.ts")).addRestoreCommand,
  },
  backtest: {
    summary: "a strategy over the archive: run, sweep, check (look-ahead)",
    load: async () => (await import("./backtest/backtest-verbs.ts")).addBacktestCommand,
  },
  forewarn: {
    summary: "the risk of a book in the coming days, simulated from its past trades: run, show",
    load: async () => (await import("./forewarn/forewarn-verbs.ts")).addForewarnCommand,
  },
  indicators: {
    summary: "scheduled readings of outside sources: ls, refresh, history, export",
    load: async () => (await import("./indicators/indicators-verbs.ts")).addIndicatorsCommand,
  },
  incident: {
    summary: "past incidents: ls, show, bundle; replay: what another policy would have done",
    load: async () => (await import("./incident/incident.ts")).addIncidentCommand,
  },
  drill: {
    summary: "inject a fault into the running system, and measure the recovery",
    load: async () => (await import("./drills/drill.ts")).addDrillCommand,
  },
  config: {
    summary:
      "the effective configuration, and where each value came from; plan: the effects of a new one",
    load: async () => (await import("./config.ts")).addConfigCommand,
  },
  doctor: {
    summary: "check this machine before or after a deployment: what is wrong, what to do",
    load: async () => (await import("./doctor/doctor.ts")).addDoctorCommand,
  },
  install: {
    summary: "write files for systemd or supervisord that run this checkout's stack",
    load: async () => (await import("./install/install.ts")).addInstallCommand,
  },
  simulate: {
    summary: "write scan files at a rate (the demo's NG6)",
    load: async () => (await import("./simulate.ts")).addSimulateCommand,
  },
};

const FAILED_GRACE_MS = 500;
/** Global options that take a value, which must not be taken for the verb. */
const OPTIONS_WITH_VALUE = new Set(["--config", "--data-dir"]);

async function main(argv: readonly string[]): Promise<void> {
  const answer = await askRunning(argv);
  if (answer !== null) {
    process.stderr.write(answer.err);
    process.stdout.write(answer.out);
    process.exitCode = answer.exit;
    return;
  }
  const { Command } = await import("commander");
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

/** One clear line on stderr, and the contract's exit code. */
async function fail(error: unknown): Promise<void> {
  // Handles that a failed verb has left open must not keep the process alive.
  setTimeout(() => process.exit(), FAILED_GRACE_MS).unref();
  const { CommanderError } = await import("commander");
  if (error instanceof CommanderError) {
    // Commander has printed the error, or the requested help.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  const { exitCodeOf, lineOf } = await import("./context.ts");
  process.stderr.write(`dolphin: ${lineOf(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

// A closed pipe (`dolphin logs | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// Files that we or our children create are readable by the owner and at most the group.
process.umask(process.umask() | 0o027);
// For the children of this process, too.
Object.assign(process.env, withoutProxyOnLoopback(process.env));
await main(process.argv.slice(2)).catch(fail);
