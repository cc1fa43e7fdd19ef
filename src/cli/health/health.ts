/** `dolphin health`: the state of the system, its causes, and who has to mend them. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { type HistoryReader, openHealthHistory } from "../../adapters/health/health-history.ts";
import { readHealthReport } from "../../adapters/health/health-outlets.ts";
import { connectTemporal } from "../../adapters/temporal-client.ts";
import { diagnose } from "../../domain/health/diagnose.ts";
import { WELL } from "../../domain/health/health-word.ts";
import {
  EXIT_FAULT,
  EXIT_HEALTHY,
  EXIT_SERVER_SILENT,
  EXIT_WARNING,
} from "../../domain/supervision/overall.ts";
import { messageOf } from "../../domain/failure.ts";
import { US_PER_MS } from "../../domain/time.ts";
import type { Mode } from "../../domain/supervision/next-step.ts";
import { setRecoveryMode } from "../../operations/health/meta-health/meta-health-client.ts";
import { openHealthWatch, type HealthWatch } from "../../operations/health/open-health-watch.ts";
import { type HealthReport, healthReport } from "../../wire/health/health-report.ts";
import { CliError, type CliContext, openContext } from "../context.ts";
import { expectTemporal } from "../../operations/expect-temporal.ts";
import { parseDuration } from "../parse-duration.ts";
import { healthText, historyLines } from "../rendering/health-text.ts";

type HealthFlags = {
  readonly json: boolean;
  readonly once: boolean;
  readonly watch: boolean;
  readonly mode?: Mode;
  /** In milliseconds. */
  readonly since?: number;
};

const REPAINT_MS = 1_000;
/** Three samples: an older report is out of date. */
const FRESH_MS = 15_000;
/** A first connection takes longer. */
const WARM_UP_TRIES = 2;
const ROWS_MAX = 2_000;
const HELP = `
Reads the last report of the service 'health'. If that does not run, or with --once, it takes the sample itself.

Exit status:
  0  nothing is wrong
  1  a cause that is not ours: upstream silent, the share, the disk, an operator's stop
  2  a cause that is ours
  3  Hazelcast or Temporal does not answer
docs/status-json.md describes what --json prints.`;

export function addHealthCommand(program: Command): void {
  program
    .command("health")
    .description("the five sensors, rm_meta, and the causes behind them")
    .option("--json", "print it as JSON; with --watch one line a second", false)
    .option("--once", "take a sample in this process, even if the service runs", false)
    .option("--since <time>", "the recorded health since then, such as 2h", parseDuration)
    .option("--watch", "repaint each second", false)
    .addOption(
      new Option(
        "--mode <mode>",
        "whether metaHealth restarts services for causes of ours, from now on",
      ).choices(["auto", "monitor-only"]),
    )
    .addHelpText("after", HELP)
    .action(async (flags: HealthFlags, command: Command) => {
      const context = openContext(command);
      const { mode } = flags;
      const exit =
        mode === undefined ? await showHealth(context, flags) : await setMode(context, mode);
      // Pending connections to a server that is away would keep the process alive.
      process.stdout.write("", () => process.exit(exit));
    });
}

async function setMode({ temporalAddress }: CliContext, mode: Mode): Promise<number> {
  const temporal = connectTemporal(temporalAddress);
  await expectTemporal(temporal);
  const outcome = await setRecoveryMode(temporal, mode);
  if (outcome.kind === "done") {
    process.stdout.write(`metaHealth: ${outcome.status.mode}\n`);
    return EXIT_HEALTHY;
  }
  const why = {
    absent: "there is no metaHealth workflow; 'dolphin create' starts it",
    no_answer: "no worker executed it in time; 'dolphin worker health' starts one",
    refused: outcome.kind === "refused" ? outcome.why : "",
  }[outcome.kind];
  throw new CliError(why, EXIT_FAULT);
}

async function showHealth(context: CliContext, flags: HealthFlags): Promise<number> {
  const sinceMs = flags.since ?? null;
  const stop = new AbortController();
  const { signal } = stop;
  if (flags.watch)
    for (const end of ["SIGINT", "SIGTERM"] as const) process.once(end, () => stop.abort());
  let watch: Promise<HealthWatch> | null = null;
  const watchNow = () => (watch ??= openWatch(context));
  for (;;) {
    const report = await reportOf(context, flags.once, watchNow);
    process.stdout.write(textOf(report, { context, flags, sinceMs }));
    if (flags.watch) await sleep(REPAINT_MS, undefined, { signal }).catch(() => undefined);
    if (!flags.watch || signal.aborted) return exitFor(report);
  }
}

async function reportOf(
  { config }: CliContext,
  isOwn: boolean,
  watchNow: () => Promise<HealthWatch>,
): Promise<HealthReport> {
  const published = isOwn ? null : readHealthReport(config.data_dir, Date.now());
  if (published !== null && published.ageMs <= FRESH_MS) return published.report;
  const { sampler, graph } = await watchNow();
  const sample = await sampler.next();
  return healthReport(sample, diagnose(sample, graph));
}

async function openWatch({ config, temporalAddress }: CliContext): Promise<HealthWatch> {
  const watch = await openHealthWatch({ config, name: "dolphin-health", temporalAddress });
  await watch.sampler.warmUp(WARM_UP_TRIES);
  return watch;
}

function textOf(
  report: HealthReport,
  how: {
    readonly context: CliContext;
    readonly flags: HealthFlags;
    readonly sinceMs: number | null;
  },
): string {
  const { context, flags, sinceMs } = how;
  const history = sinceMs === null ? null : historyOf(context, sinceMs);
  if (flags.json) {
    const shown = history === null ? report : { ...report, history };
    return `${JSON.stringify(shown, null, flags.watch ? undefined : 2)}\n`;
  }
  const clear = flags.watch && process.stdout.isTTY ? "\u001b[H\u001b[2J" : "";
  const past = history === null ? [] : ["", ...historyLines(history)];
  return `${clear}${[...healthText(report), ...past].join("\n")}\n`;
}

function historyOf({ config }: CliContext, sinceMs: number) {
  const file = join(config.data_dir, "health", "history.db");
  let reader: HistoryReader | null = null;
  try {
    reader = openHealthHistory(file);
    return reader?.since((Date.now() - sinceMs) * US_PER_MS, ROWS_MAX) ?? [];
  } catch (error) {
    throw new CliError(
      `the history of health in ${file} cannot be read: ${messageOf(error)}`,
      EXIT_FAULT,
    );
  } finally {
    reader?.close();
  }
}

function exitFor({ status, roots }: HealthReport): number {
  if (roots.some(({ kind }) => kind === "hazelcast" || kind === "temporal")) {
    return EXIT_SERVER_SILENT;
  }
  if (roots.some(({ owner }) => owner === "ours")) return EXIT_FAULT;
  return status === WELL ? EXIT_HEALTHY : EXIT_WARNING;
}
