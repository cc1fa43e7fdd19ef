/** One run of `dolphin up`, from the lock to the summary. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { createLogger } from "../../adapters/logger.ts";
import type { LoadedConfig } from "../../config.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { childEnvironment } from "../../embedded/dolphin-child.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { startStack } from "../../embedded/stack.ts";
import type { StackOptions } from "../../embedded/stack.ts";
import type { UpSummary } from "../../wire/up-file.ts";
import { createDisplay } from "./display.ts";
import type { UpDisplay } from "./display.ts";
import { attendStack } from "./attend.ts";
import { takeBaseline } from "./facts.ts";
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
  const prepared = await prepareUp(run.loaded, run.autoPorts);
  const journal = openEvents(prepared, display);
  const baseline = takeBaseline(prepared.config);
  const baseSeq = baseline.journal.lastSeq;
  const options = { ...stackOptions(run, prepared, journal.onEvent), baseSeq };
  useOnlyTemporal(options.world);
  for (const name of prepared.ended) {
    journal.onEvent("warn", `ended ${name}, which an earlier 'dolphin up' had left running`);
  }
  journal.onEvent("info", `starting on ${prepared.config.data_dir}`);
  if (run.demo) {
    const written = await writeBacklog(prepared.config, baseline);
    if (0 < written) journal.onEvent("info", `wrote a backlog of ${written} scans`);
  }
  const stack = await startStack(options);
  stopping.onSecond(() => {
    stack.kill();
    exitForced();
  });
  const attended = { stack, options, baseline, display, events: journal.events, forMs: run.forMs };
  let summary: UpSummary;
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

/** With --for or --summary somebody asked whether it worked. */
function conclude({ forMs, summaryFile }: UpRun, summary: UpSummary): number {
  if (summaryFile !== null) writeFileSync(summaryFile, `${JSON.stringify(summary, null, 2)}\n`);
  if (forMs === null && summaryFile === null) return 0;
  for (const problem of summary.problems) process.stderr.write(`dolphin: ${problem}\n`);
  return summary.ok ? 0 : EXIT_NOT_OK;
}

function stackOptions(
  { demo }: UpRun,
  { config, tools }: Prepared,
  onEvent: StackOptions["onEvent"],
): Omit<StackOptions, "baseSeq"> {
  const world = {
    dataDir: config.data_dir,
    temporal: `${LOOPBACK}:${config.ports.temporal}`,
    namespace: process.env["TEMPORAL_NAMESPACE"] || "default",
    env: process.env,
  };
  return { config, tools, world, demo, onEvent };
}

/** This process, too, talks to the embedded server, whatever profile the operator has set. */
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

/** npm passes on the Ctrl-C that the terminal has given us already: two at once are one. */
const SAME_SIGNAL_MS = 400;

/** The first signal asks for an orderly stop; the second one does not wait for it. */
function stopOnSignals() {
  const first = new AbortController();
  // Before the stack stands, the guards end what has been started.
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
