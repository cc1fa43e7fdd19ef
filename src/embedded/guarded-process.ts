/**
 * Starts a program under guard.sh, so that it ends when this process does, in whatever way. Neither Java nor the
 * Temporal CLI notices that its parent died.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { outputSince, outputSize } from "../adapters/process/output-file.ts";
import { signalGroup, startedTicks } from "../adapters/process/process-facts.ts";
import { assert } from "../domain/assert.ts";
import { removeGuardRecord, writeGuardRecord } from "./state/guard-record.ts";

export type ProcessEnd = { readonly code: number | null; readonly signal: string | null };

export type GuardedProcess = {
  /** The program itself. */
  readonly pid: number;
  /** The guard's pid, which is also the process group id. */
  readonly guardPid: number;
  readonly startedTicks: number | null;
  readonly exited: Promise<ProcessEnd>;
  /** The last line that it printed; null if it printed nothing. */
  lastLine(): string | null;
  /** SIGTERM, then SIGKILL after the grace; resolves when the program has ended. */
  stop(): Promise<void>;
  /** SIGKILL to the whole group, at once. */
  kill(): void;
};

export type GuardedCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly graceSeconds: number;
};

const LINE_CHARS_MAX = 500;
const GUARD = fileURLToPath(new URL("guard.sh", import.meta.url));
/** A shell reports a death by signal N as status 128 + N. */
const SIGNAL_STATUS_BASE = 128;

/**
 * Variables that override our settings of an embedded server: Hazelcast's configuration, arguments for every Java,
 * settings of Temporal's servers and clients.
 */
const OVERRIDES = /^(HZ_|TEMPORAL_|(JAVA_TOOL|JDK_JAVA|_JAVA)_OPTIONS$)/;

export function overridesIn(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.keys(env)
    .filter((name) => OVERRIDES.test(name))
    .toSorted();
}

/** For a foreign program that must run as we configure it. */
export function withoutOverrides(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OVERRIDES.test(name)));
}

export async function startGuarded(command: GuardedCommand): Promise<GuardedProcess> {
  mkdirSync(dirname(command.logFile), { recursive: true });
  const log = openSync(command.logFile, "a", 0o640);
  const printedFrom = outputSize(command.logFile);
  const guard = spawn(
    "/bin/sh",
    [GUARD, String(command.graceSeconds), command.command, ...command.args],
    {
      cwd: command.cwd,
      env: command.env,
      stdio: ["pipe", log, log, "pipe"],
      detached: true,
    },
  );
  closeSync(log);
  if (guard.pid !== undefined) writeGuardRecord(command.logFile, guard.pid);
  const failed = new Promise<never>((_, reject) => guard.once("error", reject));
  const exited = new Promise<ProcessEnd>((resolve) => {
    guard.once("exit", (code, signal) => {
      // A guard that was killed leaves the program behind; its group is still ours to end.
      if (guard.pid !== undefined) {
        signalGroup(guard.pid, "SIGKILL");
        removeGuardRecord(command.logFile, guard.pid);
      }
      resolve(endOf(code, signal));
    });
  });
  // The pipe may break while it is being closed; the exit event is what counts.
  guard.stdin!.on("error", () => undefined);
  const pid = await Promise.race([readPid(guard.stdio[3]), failed]);
  const guardPid = guard.pid!;
  return {
    pid,
    guardPid,
    startedTicks: startedTicks(pid),
    exited,
    lastLine() {
      const line = outputSince(command.logFile, printedFrom).at(-1);
      return line === undefined ? null : line.slice(-LINE_CHARS_MAX);
    },
    async stop() {
      guard.stdin!.end();
      await exited;
    },
    kill() {
      signalGroup(guardPid, "SIGKILL");
    },
  };
}

async function readPid(pipe: unknown): Promise<number> {
  assert(pipe instanceof Readable, "descriptor 3 was asked for as a pipe");
  let text = "";
  for await (const chunk of pipe) text += String(chunk);
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 0)
    throw new Error(`the guard sent no pid (it said '${text}')`);
  return pid;
}

function endOf(code: number | null, signal: string | null): ProcessEnd {
  if (code === null || code <= SIGNAL_STATUS_BASE) return { code, signal };
  return { code: null, signal: SIGNAL_NAMES[code - SIGNAL_STATUS_BASE] ?? `signal ${code - 128}` };
}

const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};
