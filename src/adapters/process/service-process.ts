/**
 * One life of a service's process: spawned in its own process group, watched over its control pipe and /proc, stopped
 * and always reaped. Invariant: `ended` resolves once, after SIGKILL was sent to the whole group.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { EXIT_CONFIGURATION, EXIT_FENCED } from "../../domain/supervision/exit-codes.ts";
import type { EndKind } from "../../domain/supervision/next-step.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { isTooSilent } from "../../domain/supervision/silence.ts";
import { SILENT_MAX_S } from "../../domain/supervision/verdict.ts";
import type { ServiceBeat, ServiceMessage } from "../../wire/control-pipe.ts";
import { monotonicMs, wallMs } from "../clock.ts";
import { everySteadily } from "./steady-timer.ts";
import { readControlPipe } from "./control-reader.ts";
import { errorFile, printedFromNow } from "./output-file.ts";
import { mainThreadWaits, signalGroup, startedTicks } from "./process-facts.ts";
import { watchSilence } from "./process-silence.ts";

export type ServiceLaunch = {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For stdout; stderr goes into the `.err` file beside it. */
  readonly outFile: string;
};

export type ServiceEnd = {
  readonly kind: EndKind;
  readonly why: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  readonly lastLog: readonly string[];
};

export type ServiceProcess = {
  /** Null when it could not be spawned. */
  readonly pid: number | null;
  readonly ticks: number | null;
  readonly startedAtMs: number;
  readonly ended: Promise<ServiceEnd>;
  readonly beat: () => ServiceBeat | null;
  /** Time since the last message, without pauses of our own and what it waited for a processor. */
  readonly silentMs: () => number;
  /** Time since `ready`; null before it. */
  readonly readyMs: () => number | null;
  /** SIGTERM to the group, a delay, SIGKILL. The first caller's reason is recorded. */
  readonly stop: (kind: EndKind, why: string) => void;
};

const WATCH_EVERY_MS = 500;
/** One observation before the limit of silence: the next one would be past it. */
const FROZEN_AFTER_MS = SILENT_MAX_S * 1_000 - WATCH_EVERY_MS;
const POLL_MS_MAX = 1_000;
/** Twice the interval of beats: from here on what it waits for is looked at. */
const SUSPICIOUS_MS = 2_000;
/** A start on a busy machine may be slow; after the first message the limit is that of the beat. */
const FIRST_MESSAGE_MS_MAX = 30_000;
const READY_MS_MAX = 60_000;
const KILL_MS_MAX = 5_000;
const PIPE_DRAIN_MS_MAX = 100;
const LOG_LINES_MAX = 20;
const LOG_LINE_CHARS_MAX = 300;

export function startServiceProcess(
  spec: ServiceSpec,
  command: ServiceLaunch,
  rule: {
    /** Asked before the process is killed for its own fault; false: nothing is done, whatever was found. */
    readonly mayKill: () => Promise<boolean>;
  },
): ServiceProcess {
  const startedAtMs = wallMs();
  const startedMs = monotonicMs();
  const printed = printedFromNow(command.outFile);
  const child = spawnGroup(command);
  const pid = child.pid ?? null;
  const watch = createWatch(child);
  let asked: Ask | null = null;
  let hasExited = false;
  let killTimer: NodeJS.Timeout | undefined;
  const ended = Promise.withResolvers<ServiceEnd>();

  const finish = (exit: Exit): void => {
    endPolls();
    clearTimeout(killTimer);
    const uptimeMs = monotonicMs() - startedMs;
    const wasReadyLong = spec.startSeconds * 1_000 <= (watch.readyMs() ?? -1);
    const cause = asked ?? classify(exit, { uptimeMs, wasReadyLong });
    const lastLog = lastLines([...watch.log(), ...printed()]);
    ended.resolve({ ...cause, exitCode: exit.code, signal: exit.signal, uptimeMs, lastLog });
  };
  const kill = (): void => {
    if (pid !== null) signalGroup(pid, "SIGKILL");
    clearTimeout(killTimer);
    killTimer = afterKill(() => {
      if (hasExited) return;
      asked = { kind: "unkillable", why: `SIGKILL did not end pid ${pid} within 5 s` };
      finish({ code: null, signal: null });
    });
  };
  const onFault = (fault: Ask): void => {
    if (asked !== null) return;
    asked = fault;
    kill();
  };
  const poll = createFaultPoll(watch, rule.mayKill, onFault);
  const endPolls = everySteadily(WATCH_EVERY_MS, () => void poll());
  child.once("error", ({ message }) => {
    if (pid === null) finish({ code: null, signal: null, error: message });
  });
  child.once("exit", (code, signal) => {
    hasExited = true;
    // Processes that the leader left behind in its group end with it.
    if (pid !== null) signalGroup(pid, "SIGKILL");
    void watch.drained().then(() => finish({ code, signal }));
  });

  return {
    pid,
    ticks: pid === null ? null : startedTicks(pid),
    startedAtMs,
    ended: ended.promise,
    beat: watch.beat,
    silentMs: () => watch.silence().silentMs,
    readyMs: watch.readyMs,
    stop: (kind, why) => {
      if (asked !== null || pid === null) return;
      asked = { kind, why };
      signalGroup(pid, "SIGTERM");
      killTimer = setTimeout(kill, spec.stopWaitSeconds * 1_000);
    },
  };
}

/** An exit that happened while we were paused is reported in the next event-loop turn: ask after that. */
function afterKill(ask: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(ask), KILL_MS_MAX);
}

type Exit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: string;
};
type Ask = { readonly kind: EndKind; readonly why: string };
type Watch = ReturnType<typeof createWatch>;

function spawnGroup(command: ServiceLaunch): ChildProcess {
  mkdirSync(dirname(command.outFile), { recursive: true });
  const out = openSync(command.outFile, "a");
  let err = out;
  try {
    err = openSync(errorFile(command.outFile), "a");
    return spawn(command.file, command.args, {
      stdio: ["ignore", out, err, "pipe"],
      env: { ...command.env },
      detached: true,
    });
  } finally {
    closeSync(out);
    if (err !== out) closeSync(err);
  }
}

/** The messages on the control pipe, and the length of the silence. */
function createWatch(child: ChildProcess) {
  let hasSpoken = false;
  let readyAtMs: number | null = null;
  const { pid } = child;
  const silence = watchSilence({
    // It beats from there.
    waits: () => (pid === undefined ? new Map() : mainThreadWaits(pid)),
    intervalMs: POLL_MS_MAX,
    // A start is judged as a whole, what runs by its beats alone.
    measuredFromMs: () => (readyAtMs === null ? 0 : SUSPICIOUS_MS),
  });
  let beat: ServiceBeat | null = null;
  let log: string[] = [];
  const drained = Promise.withResolvers<void>();
  const hear = (message: ServiceMessage): void => {
    silence.poll("answered");
    hasSpoken = true;
    if (message.kind === "ready") {
      readyAtMs ??= monotonicMs();
      return;
    }
    beat = message;
    log = [...log, ...message.log].slice(-LOG_LINES_MAX);
  };
  const pipe = child.stdio[3];
  if (pipe instanceof Readable) {
    readControlPipe(pipe, hear);
    pipe.once("close", () => drained.resolve());
  }
  return {
    beat: () => beat,
    log: () => log,
    hasSpoken: () => hasSpoken,
    watchedMs: () => silence.countedMs(),
    readyMs: () => (readyAtMs === null ? null : monotonicMs() - readyAtMs),
    silence: () => silence.poll("silent"),
    drained: () =>
      Promise.race([
        drained.promise,
        new Promise<void>((resolve) => {
          setTimeout(resolve, PIPE_DRAIN_MS_MAX);
        }),
      ]),
  };
}

function lastLines(lines: readonly string[]): string[] {
  return lines.slice(-LOG_LINES_MAX).map((line) => line.slice(0, LOG_LINE_CHARS_MAX));
}

function createFaultPoll(
  watch: Watch,
  mayKill: () => Promise<boolean>,
  onFault: (fault: Ask) => void,
): () => Promise<void> {
  let isAsking = false;
  return async () => {
    const fault = faultOf(watch);
    if (fault === null || isAsking) return;
    isAsking = true;
    if (await mayKill()) onFault(fault);
    isAsking = false;
  };
}

function faultOf(watch: Watch): Ask | null {
  const silence = watch.silence();
  if (!watch.hasSpoken()) {
    return isTooSilent(silence, FIRST_MESSAGE_MS_MAX)
      ? { kind: "failed_start", why: `no message within ${FIRST_MESSAGE_MS_MAX / 1_000} s` }
      : null;
  }
  if (isTooSilent(silence, FROZEN_AFTER_MS)) {
    return { kind: "frozen", why: `no beat for ${SILENT_MAX_S} s` };
  }
  return watch.readyMs() === null && READY_MS_MAX <= watch.watchedMs()
    ? { kind: "failed_start", why: `not ready within ${READY_MS_MAX / 1_000} s` }
    : null;
}

function classify(
  exit: Exit,
  life: { readonly uptimeMs: number; readonly wasReadyLong: boolean },
): Ask {
  const after = `after ${(life.uptimeMs / 1_000).toFixed(1)} s`;
  if (exit.error !== undefined) return { kind: "failed_start", why: `no process: ${exit.error}` };
  if (exit.code === EXIT_FENCED) {
    return { kind: "fenced", why: `exit code 76 ${after}: a newer epoch has taken over` };
  }
  if (exit.code === EXIT_CONFIGURATION) {
    return { kind: "misconfigured", why: `exit code 78 ${after}: its configuration is wrong` };
  }
  const how = exit.signal === null ? `exit code ${exit.code}` : `killed by ${exit.signal}`;
  return life.wasReadyLong
    ? { kind: "exited", why: `${how} ${after}` }
    : { kind: "failed_start", why: `${how} ${after}, before it was ready for long enough` };
}
