/** Finds the processes of a test by the paths that they work on, so that every orphan is noticed. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { codeOf } from "../../src/domain/failure.ts";
import { restAfter } from "./rest.ts";

export type FoundProcess = { readonly pid: number; readonly command: string };

/** Living processes (no zombies) whose command line, directory or environment names `dir`. */
export function processesOn(dir: string): FoundProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      const description = `${command} ${linkOf(`/proc/${pid}/cwd`)} ${read(`/proc/${pid}/environ`)}`;
      return stateOf(Number(pid)) !== "Z" && description.includes(dir)
        ? [{ pid: Number(pid), command }]
        : [];
    });
}

/** The letter of its state: `T` if it was stopped, empty if it is gone. */
export function stateOf(pid: number | undefined): string {
  return /^State:\s+(\S)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? "";
}

/** Kills the processes that work on `dir`; one that has ended meanwhile is not a failure. */
export function killProcessesOn(dir: string): void {
  killAll(processesOn(dir).map(({ pid }) => pid));
}

/** A process that has ended since it was found is not a failure. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) unlessGone(() => sendSignal(pid, "SIGKILL"));
}

/** Bounds a failure only: no machine is measured by it. */
const WAIT_MS_MAX = 300_000;

/** Polls until `isTrue`; fails with the text of `tell` if it does not become true in time. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  within: { readonly ms: number; readonly tell: () => string },
): Promise<void> {
  const limitMs = Math.max(within.ms, WAIT_MS_MAX);
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const fromMs = performance.now();
    if (await isTrue()) return;
    if (deadlineMs < performance.now()) throw new Error(`not in ${limitMs} ms: ${within.tell()}`);
    await restAfter(performance.now() - fromMs);
  }
}

/**
 * An unknown pid would be 0, which stands for the group of the tests themselves: a SIGSTOP stops all. After a SIGSTOP
 * all threads stand still: one of them must run to take the signal, and on a busy machine the others work meanwhile.
 */
export function sendSignal(pid: number | null | undefined, signal: NodeJS.Signals): void {
  const known = existing(pid, signal);
  process.kill(known, signal);
  if (signal === "SIGSTOP") awaitStop(known);
}

const STOPPED_MS_MAX = 10_000;
const LOOK_EVERY_MS = 1;

function awaitStop(pid: number): void {
  const untilMs = performance.now() + STOPPED_MS_MAX;
  while (threadStates(pid).some((state) => !["T", "t", "Z", "X", ""].includes(state))) {
    if (untilMs < performance.now()) throw new Error(`process ${pid} does not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
}

function threadStates(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => stateOf(Number(thread)));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** To every process of a group. */
export function sendSignalToGroup(pgid: number | null | undefined, signal: NodeJS.Signals): void {
  process.kill(-existing(pgid, signal), signal);
}

/** 1 is init, and -1 everybody. */
function existing(pid: number | null | undefined, signal: NodeJS.Signals): number {
  if (typeof pid !== "number" || !(1 < pid)) {
    throw new Error(`there is no process ${pid} to send ${signal} to`);
  }
  return pid;
}

/** After a SIGSTOP of a server that `up` keeps: what did not answer for long it has replaced meanwhile. */
export function goOn(pid: number | undefined): void {
  unlessGone(() => sendSignal(pid, "SIGCONT"));
}

function unlessGone(signal: () => void): void {
  try {
    signal();
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
