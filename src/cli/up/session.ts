/** One run of `dolphin up`, from the lock to the summary. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { createLogger } from "../../adapters/logger.ts";
import { partSecrets, type LoadedConfig } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { childEnvironment } from "../../embedded/dolphin-child.ts";
import { overridesIn } from "../../embedded/guarded-process.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { startStack } from "../../embedded/stack.ts";
import type { StackOptions } from "../../embedded/stack.ts";
import type { UpSummary } from "../../wire/up-file.ts";
import { createDisplay } from "./display.ts";
import type { UpDisplay } from "./display.ts";
import { attendStack } from "./attend.ts";
import { createSupervisors } from "./create.ts";
import { type Baseline, takeBaseline } from "./facts.ts";
import { prepareUp } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";
import { writeBacklog } from "./write-backlog.ts";
import type { EventLevel, UpEvent } from "../rendering/up-screen.ts";

export type UpRun = {
  readonly loaded: LoadedConfig;
  readonly demo: boolean;
  /** Null: until a signal. */
  readonly forMs: number | null;
  readonly summaryFile: string | null;
  readonly autoPorts: boolean;
};

const EXIT_NOT_OK = 1;
const EXIT_FORCED = 130;
const EVENTS_KEPT = 100;

/** Returns the exit code. */
export async function runUp(run: UpRun): Promise<number> {
  const display = createDisplay(process.stdout);
  const stopping = stopOnSignals();
  const prepared = await prepareUp(run.loaded, run);
  const journal = openEvents(prepared, display);
  // An answer may arrive when nobody waits for it any more: that must not take the servers down.
  process.on("unhandledRejection", (reason) => {
    journal.onEvent("error", `unhandled rejection: ${messageOf(reason)}`);
  });
  const baseline = takeBaseline(prepared.config);
  const baseSeq = baseline.journal.lastSeq;
  const options = { ...stackOptions(run, prepared, journal.onEvent), baseSeq };
  // The namespace is the only one of Temporal's settings that is honoured.
  const overrides = overridesIn(process.env).filter((name) => name !== "TEMPORAL_NAMESPACE");
  useOnlyTemporal(options.world);
  for (const name of prepared.ended) {
    journal.onEvent("warn", `ended ${name}, which an earlier 'dolphin up' had left running`);
  }
  for (const fault of prepared.undone) {
    journal.onEvent("warn", `undone: ${fault}, left by a drill that died`);
  }
  if (0 < overrides.length) {
    journal.onEvent("warn", `not passed on to the embedded servers: ${overrides.join(", ")}`);
  }
  journal.onEvent("info", `starting on ${prepared.config.data_dir}`);
  const { stack, supervisors } = await startAll({ ...options, baseline });
  stopping.onSecond(() => {
    stack.kill();
    exitForced();
  });
  const attended = {
    stack,
    options,
    baseline,
    display,
    supervisors,
    events: journal.events,
    forMs: run.forMs,
  };
  let summary: UpSummary | null;
  try {
    summary = await attendStack({ ...attended, stop: stopping.signal });
  } finally {
    await stack.stop();
  }
  prepared.lock.release();
  journal.onEvent("info", "stopped");
  journal.close();
  return conclude(run, summary);
}

/** Servers, worker and the demo's past start together; services once Temporal answers and the past is written. */
async function startAll(options: StackOptions & { readonly baseline: Baseline }) {
  const { config, demo, baseline, onEvent } = options;
  const writePast = async () => {
    const written = demo ? await writeBacklog(config, baseline) : 0;
    if (0 < written) onEvent("info", `wrote a backlog of ${written} scans`);
  };
  const past = writePast();
  const temporal = Promise.withResolvers<void>();
  const supervisors = createSupervisors(options, Promise.all([temporal.promise, past]));
  try {
    const stack = await startStack({ ...options, past, onTemporal: () => temporal.resolve() });
    return { stack, supervisors };
  } catch (error) {
    await supervisors.giveUp();
    throw error;
  }
}

/** With --for or --summary the exit code says whether it worked. */
function conclude({ forMs, summaryFile }: UpRun, summary: UpSummary | null): number {
  if (summary === null) return forMs === null && summaryFile === null ? 0 : EXIT_NOT_OK;
  if (summaryFile !== null && !wroteSummary(summaryFile, summary)) return EXIT_NOT_OK;
  if (forMs === null && summaryFile === null) return 0;
  for (const problem of summary.problems) process.stderr.write(`dolphin: ${problem}\n`);
  return summary.ok ? 0 : EXIT_NOT_OK;
}

function wroteSummary(file: string, summary: UpSummary): boolean {
  try {
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
    return true;
  } catch (error) {
    process.stderr.write(`dolphin: the summary could not be written: ${messageOf(error)}\n`);
    return false;
  }
}

function stackOptions(
  { demo }: UpRun,
  { config, tools, venues }: Prepared,
  onEvent: StackOptions["onEvent"],
): Omit<StackOptions, "baseSeq"> {
  const world = {
    dataDir: config.data_dir,
    temporal: `${LOOPBACK}:${config.ports.temporal}`,
    namespace: process.env["TEMPORAL_NAMESPACE"] || "default",
    env: process.env,
    secrets: partSecrets(config).environment,
  };
  return { config, tools, world, demo, venues, onEvent };
}

/** This process, too, uses the embedded server, whatever profile the operator has set. */
function useOnlyTemporal(world: StackOptions["world"]): void {
  for (const name of Object.keys(process.env).filter(isTemporal)) delete process.env[name];
  const wanted = Object.entries(childEnvironment({ ...world, env: {} }));
  Object.assign(process.env, Object.fromEntries(wanted.filter(([name]) => isTemporal(name))));
}

function isTemporal(name: string): boolean {
  return name.startsWith("TEMPORAL_");
}

function openEvents({ config }: Prepared, display: UpDisplay) {
  const logger = createLogger({
    file: join(config.data_dir, "logs", "up.log"),
    name: "up",
    level: config.log.level,
    rotateMb: config.log.rotate_mb,
    rotateFiles: config.log.rotate_files,
  });
  const events: UpEvent[] = [];
  const onEvent = (level: EventLevel, text: string) => {
    const event = { at: isoFromMicros(wallMicros()), level, text };
    events.push(event);
    if (EVENTS_KEPT < events.length) events.shift();
    logger[level](text);
    display.event(event);
  };
  return { events, onEvent, close: logger.close };
}

/** npm forwards a Ctrl-C that the terminal has already sent to us: two within this time count as one. */
const SAME_SIGNAL_MS = 400;

/** The first signal requests an orderly stop; the second one does not wait for it. */
function stopOnSignals() {
  const first = new AbortController();
  // Before the stack is complete, the guards end what has been started.
  let second = exitForced;
  let heardMs = 0;
  const hear = () => {
    if (!first.signal.aborted) {
      heardMs = monotonicMs();
      first.abort();
    } else if (SAME_SIGNAL_MS < monotonicMs() - heardMs) {
      second();
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, hear);
  return {
    signal: first.signal,
    onSecond(act: () => never) {
      second = act;
    },
  };
}

function exitForced(): never {
  process.exit(EXIT_FORCED);
}
