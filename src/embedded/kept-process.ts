/**
 * Keeps one server or worker running: starts it, probes it, and restarts it when it has ended, with the services'
 * restart policy. A restart is a start after an end that was not requested.
 */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../adapters/clock.ts";
import { decideRestart } from "../domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import { processorWaits } from "../adapters/process/process-facts.ts";
import { type ProbeResult, watchSilence } from "../adapters/process/process-silence.ts";
import { isTooSilent } from "../domain/supervision/silence.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../domain/time.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { tell } from "./until-ready.ts";

export type KeptSpec = {
  readonly name: string;
  readonly log: string;
  /** Resolves when it is ready. */
  start(): Promise<GuardedProcess>;
  /** Probes whether it is healthy; null where only its existence can be checked. */
  readonly probe: (() => Promise<ProbeResult>) | null;
  /** A process that is silent for this long is killed. */
  readonly silentMsMax: number;
};
export type KeptState = "starting" | "running" | "waiting" | "fatal" | "stopped";
export type KeptProcess = {
  readonly name: string;
  readonly log: string;
  state(): KeptState;
  /** Null while it is down. */
  process(): GuardedProcess | null;
  restarts(): number;
  /** Time until the next start of one that is down; 0 when none is pending. */
  nextTryInMs(): number;
  /** Ends such a wait, when the cause of the deaths is known to be over. */
  retry(): void;
  /** SIGTERM, SIGKILL after the grace; no further restart. */
  stop(): Promise<void>;
  /** At once, with its descendants; no further restart. */
  kill(): void;
};
export type KeptDeps = {
  readonly policy: RestartPolicy;
  /** Interval of the probes; default: five seconds. A function is asked before each, for at most the default. */
  readonly probeEveryMs?: number | (() => number);
  /** One sentence for the operator. */
  readonly onEvent: (level: EventLevel, text: string) => void;
};
export type EventLevel = "info" | "warn" | "error";

const PROBE_EVERY_MS = 5_000;

type Keeping = {
  readonly spec: KeptSpec;
  readonly deps: KeptDeps;
  /** Aborted by stop and kill. */
  readonly signal: AbortSignal;
  readonly restartTimesMs: number[];
  state: KeptState;
  /** Monotonic. */
  nextTryMs: number;
  /** Ends the wait. */
  hurry: AbortController;
  current: GuardedProcess | null;
};

/** Resolves when the first start succeeded; rejects when it did not, because then a person is there to read it. */
export async function keepProcess(spec: KeptSpec, deps: KeptDeps): Promise<KeptProcess> {
  const stopping = new AbortController();
  const first = await spec.start();
  deps.onEvent("info", `${spec.name} started (pid ${first.pid})`);
  const keeping: Keeping = {
    spec,
    deps,
    signal: stopping.signal,
    restartTimesMs: [],
    state: "running",
    nextTryMs: 0,
    hurry: new AbortController(),
    current: first,
  };
  const done = keep(keeping);
  return {
    name: spec.name,
    log: spec.log,
    state: () => keeping.state,
    process: () => keeping.current,
    restarts: () => keeping.restartTimesMs.length,
    nextTryInMs: () => Math.max(0, keeping.nextTryMs - monotonicMs()),
    retry: () => keeping.hurry.abort(),
    async stop() {
      stopping.abort();
      await keeping.current?.stop();
      await done;
    },
    kill() {
      stopping.abort();
      keeping.current?.kill();
    },
  };
}

async function keep(keeping: Keeping): Promise<void> {
  while (!keeping.signal.aborted) {
    if (keeping.current !== null) await live(keeping, keeping.current);
    if (!keeping.signal.aborted) await pause(keeping);
    if (!keeping.signal.aborted) await restart(keeping);
  }
  keeping.state = "stopped";
}

async function live(keeping: Keeping, process: GuardedProcess): Promise<void> {
  const { spec, deps, signal } = keeping;
  const over = new AbortController();
  void watchHealth({ spec, process, deps, signal: over.signal });
  const end = await process.exited;
  over.abort();
  keeping.current = null;
  // A process that failed by itself has printed the reason.
  const said = end.code === null || end.code === 0 ? null : process.lastLine();
  const how = said === null ? tell(end) : `${tell(end)}: ${said}`;
  if (!signal.aborted) deps.onEvent("warn", `${spec.name} ended (${how})`);
}

async function pause(keeping: Keeping): Promise<void> {
  const { spec, signal } = keeping;
  const { policy, onEvent } = keeping.deps;
  const nowMs = monotonicMs();
  const decision = decideRestart(policy, keeping.restartTimesMs, nowMs);
  const waitMs = Math.max(0, decision.atMs - nowMs);
  const seconds = Math.ceil(waitMs / MS_PER_SECOND);
  keeping.nextTryMs = decision.atMs;
  keeping.state = decision.kind === "restart" ? "waiting" : "fatal";
  if (decision.kind === "fatal") {
    const spent = `${policy.restartsMax} restarts in ${policy.windowMs / MS_PER_MINUTE} min`;
    onEvent("error", `${spec.name} is FATAL: ${spent}; see ${spec.log}; next try in ${seconds} s`);
  } else if (seconds > 0) {
    onEvent("warn", `${spec.name} starts again in ${seconds} s`);
  }
  keeping.hurry = new AbortController();
  const over = AbortSignal.any([signal, keeping.hurry.signal]);
  await delay(waitMs, undefined, { signal: over }).catch(() => undefined);
}

async function restart(keeping: Keeping): Promise<void> {
  const { spec, deps, signal } = keeping;
  keeping.restartTimesMs.push(monotonicMs());
  keeping.state = "starting";
  try {
    keeping.current = await spec.start();
    keeping.state = "running";
    deps.onEvent("warn", `${spec.name} started again (pid ${keeping.current.pid})`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    deps.onEvent("error", `${spec.name} did not start: ${why}`);
  }
  // A stop that came during the start found nothing to stop.
  if (signal.aborted) await keeping.current?.stop();
}

/** Kills a process that exists but has not answered for long. */
async function watchHealth(watch: {
  readonly spec: KeptSpec;
  readonly process: GuardedProcess;
  readonly deps: KeptDeps;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { spec, signal } = watch;
  if (spec.probe === null) return;
  const { probeEveryMs = PROBE_EVERY_MS, onEvent } = watch.deps;
  const silence = watchSilence({
    waits: () => processorWaits(watch.process.pid),
    intervalMs: typeof probeEveryMs === "number" ? probeEveryMs : PROBE_EVERY_MS,
    measuredFromMs: () => 0,
  });
  let tookMs = 0;
  while (!signal.aborted) {
    const everyMs = typeof probeEveryMs === "number" ? probeEveryMs : probeEveryMs();
    await delay(Math.max(0, everyMs - tookMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const askedMs = monotonicMs();
    const answer = await spec.probe();
    if (signal.aborted) return;
    tookMs = monotonicMs() - askedMs;
    const found = silence.poll(answer);
    if (!isTooSilent(found, spec.silentMsMax)) continue;
    const seconds = Math.round(found.silentMs / MS_PER_SECOND);
    onEvent("error", `${spec.name} has not answered for ${seconds} s and is killed`);
    watch.process.kill();
    return;
  }
}

/** A failed call counts as silence. */
export async function answerOf(call: () => Promise<void>): Promise<ProbeResult> {
  try {
    await call();
    return "answered";
  } catch {
    return "silent";
  }
}
