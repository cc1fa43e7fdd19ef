/**
 * Keeps one server or worker running: starts it, asks it whether it is well, and starts it again
 * when it ended, by the same policy as the services'. A restart is a start after an end that nobody
 * asked for.
 */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../adapters/clock.ts";
import { decideRestart } from "../domain/supervision/restart-policy.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../domain/time.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { tell } from "./until-ready.ts";

export type KeptSpec = {
  readonly name: string;
  readonly log: string;
  /** Resolves when it is ready. */
  start(): Promise<GuardedProcess>;
  /** Asks whether it is well; null where being there is all that can be asked. */
  readonly probe: (() => Promise<Answer>) | null;
  /** A process that exists but has been silent for so long is killed. */
  readonly silentMsMax: number;
};
/** `unknown`: it could not be asked, which counts neither for it nor against it. */
export type Answer = "answered" | "silent" | "unknown";
export type KeptState = "starting" | "running" | "waiting" | "fatal" | "stopped";
export type KeptProcess = {
  readonly name: string;
  readonly log: string;
  state(): KeptState;
  /** Null while it is down. */
  process(): GuardedProcess | null;
  restarts(): number;
  /** SIGTERM, SIGKILL after the grace; no further restart. */
  stop(): Promise<void>;
  /** At once, all of it; no further restart. */
  kill(): void;
};
export type KeptDeps = {
  readonly policy: RestartPolicy;
  /** One sentence for the operator. */
  readonly onEvent: (level: EventLevel, text: string) => void;
};
export type EventLevel = "info" | "warn" | "error";

const PROBE_INTERVAL_MS = 5_000;

type Keeping = {
  readonly spec: KeptSpec;
  readonly deps: KeptDeps;
  /** Aborted by stop and kill. */
  readonly signal: AbortSignal;
  readonly restartTimesMs: number[];
  state: KeptState;
  current: GuardedProcess | null;
};

/** Resolves when the first start succeeded; rejects when it did not: somebody is there to read it. */
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
    current: first,
  };
  const done = keep(keeping);
  return {
    name: spec.name,
    log: spec.log,
    state: () => keeping.state,
    process: () => keeping.current,
    restarts: () => keeping.restartTimesMs.length,
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
  void watchHealth({ spec, process, onEvent: deps.onEvent, signal: over.signal });
  const end = await process.exited;
  over.abort();
  keeping.current = null;
  if (!signal.aborted) deps.onEvent("warn", `${spec.name} ended (${tell(end)})`);
}

async function pause(keeping: Keeping): Promise<void> {
  const { spec, signal } = keeping;
  const { policy, onEvent } = keeping.deps;
  const nowMs = monotonicMs();
  const decision = decideRestart(policy, keeping.restartTimesMs, nowMs);
  const waitMs = Math.max(0, decision.atMs - nowMs);
  const seconds = Math.ceil(waitMs / MS_PER_SECOND);
  keeping.state = decision.kind === "restart" ? "waiting" : "fatal";
  if (decision.kind === "fatal") {
    const spent = `${policy.restartsMax} restarts in ${policy.windowMs / MS_PER_MINUTE} min`;
    onEvent("error", `${spec.name} is FATAL: ${spent}; see ${spec.log}; next try in ${seconds} s`);
  } else if (seconds > 0) {
    onEvent("warn", `${spec.name} starts again in ${seconds} s`);
  }
  await delay(waitMs, undefined, { signal }).catch(() => undefined);
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

/** Ends a process that exists but has not answered for long. */
async function watchHealth(watch: {
  readonly spec: KeptSpec;
  readonly process: GuardedProcess;
  readonly onEvent: KeptDeps["onEvent"];
  readonly signal: AbortSignal;
}): Promise<void> {
  const { spec, signal } = watch;
  if (spec.probe === null) return;
  let silentMs = 0;
  let askedMs = monotonicMs();
  while (!signal.aborted) {
    await delay(PROBE_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const answer = await spec.probe();
    if (signal.aborted) return;
    const nowMs = monotonicMs();
    if (answer === "answered") silentMs = 0;
    if (answer === "silent") silentMs += nowMs - askedMs;
    askedMs = nowMs;
    if (silentMs <= spec.silentMsMax) continue;
    const seconds = Math.round(silentMs / MS_PER_SECOND);
    watch.onEvent("error", `${spec.name} has not answered for ${seconds} s and is killed`);
    watch.process.kill();
    return;
  }
}

/** Takes a call that fails as silence. */
export async function answerOf(call: () => Promise<void>): Promise<Answer> {
  try {
    await call();
    return "answered";
  } catch {
    return "silent";
  }
}
