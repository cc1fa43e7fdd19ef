/** Processes that nobody keeps any more: those of an earlier worker, and those that cannot be killed. */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../clock.ts";
import { isProcessAlive, signalGroup } from "./process-facts.ts";

export type ProcessIdentity = { readonly pid: number; readonly ticks: number | null };
export type StuckProcesses = {
  readonly add: (named: ProcessIdentity) => void;
  /** Those that still exist. */
  readonly pids: () => number[];
};

const POLL_EVERY_MS = 20;
const KILL_MS_MAX = 5_000;

/**
 * SIGTERM, then SIGKILL after `stopWaitMs`, to the group of exactly this process: the start ticks exclude a process
 * that got a reused pid. False when it does not end.
 */
export async function endLeftover(named: ProcessIdentity, stopWaitMs: number): Promise<boolean> {
  const isAlive = (): boolean => named.ticks !== null && isProcessAlive(named.pid, named.ticks);
  if (!isAlive()) return true;
  signalGroup(named.pid, "SIGTERM");
  if (await until(() => !isAlive(), stopWaitMs)) {
    signalGroup(named.pid, "SIGKILL");
    return true;
  }
  signalGroup(named.pid, "SIGKILL");
  return until(() => !isAlive(), KILL_MS_MAX);
}

/** Processes that survived SIGKILL: they hang in a kernel call. */
export function createStuckProcesses(): StuckProcesses {
  let stuck: readonly ProcessIdentity[] = [];
  return {
    add(named) {
      stuck = [...stuck, named];
    },
    pids() {
      stuck = stuck.filter(({ pid, ticks }) => isProcessAlive(pid, ticks));
      return stuck.map(({ pid }) => pid);
    },
  };
}

async function until(isTrue: () => boolean, limitMs: number): Promise<boolean> {
  const endMs = monotonicMs() + limitMs;
  while (!isTrue()) {
    if (endMs <= monotonicMs()) return false;
    await delay(POLL_EVERY_MS);
  }
  return true;
}
