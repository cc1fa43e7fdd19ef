/**
 * Ends what an earlier `dolphin up` on this data directory left behind. Guards and control pipes end everything by
 * themselves within seconds; this is for a start within these seconds, or after a guard failed. Invariant: only a
 * process whose pid and start time were recorded is touched.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../adapters/clock.ts";
import { isProcessAlive, signalGroup } from "../adapters/process/process-facts.ts";
import type { UpFile, UpService } from "../wire/up-file.ts";
import { readGuardRecords } from "./state/guard-record.ts";

const TERM_WAIT_MS = 12_000;
const KILL_WAIT_MS = 3_000;
const POLL_MS = 50;

/** Returns the names of what was still alive. @throws Error that names what even SIGKILL did not end. */
export async function endStaleProcesses(
  dataDir: string,
  up: UpFile | null,
): Promise<readonly string[]> {
  const named = Object.entries(up?.services ?? {});
  const alive = [...named, ...guardsBeside(named, dataDir)].filter(([, one]) => isStill(one));
  for (const [, service] of alive) signalGroup(groupOf(service), "SIGTERM");
  await untilGone(alive, TERM_WAIT_MS);
  for (const [, service] of alive) if (isStill(service)) signalGroup(groupOf(service), "SIGKILL");
  await untilGone(alive, KILL_WAIT_MS);
  const left = alive.filter(([, service]) => isStill(service));
  if (left.length > 0) {
    const names = left.map(([name, { pid }]) => `${name} (pid ${pid})`).join(", ");
    throw new Error(`an earlier 'dolphin up' left ${names}, which SIGKILL does not end`);
  }
  return alive.map(([name]) => name);
}

type Named = readonly (readonly [string, UpService])[];

/** Processes that had been started, but were not ready when up.json was last written. */
function guardsBeside(named: Named, dataDir: string): Named {
  const known = new Set(named.map(([, { guard_pid }]) => guard_pid));
  const records = [...readGuardRecords(join(dataDir, "logs"))];
  return records
    .filter(([, { pid }]) => !known.has(pid))
    .map(([name, guard]) => [name, { ...guard, guard_pid: guard.pid, log: "" }]);
}

function isStill(service: UpService): boolean {
  // Without start ticks (no /proc) the pid may belong to another process: left to its guard.
  return service.started_ticks !== null && isProcessAlive(service.pid, service.started_ticks);
}

function groupOf(service: UpService): number {
  return service.guard_pid ?? service.pid;
}

async function untilGone(services: Named, withinMs: number): Promise<void> {
  const deadlineMs = monotonicMs() + withinMs;
  while (monotonicMs() < deadlineMs && services.some(([, service]) => isStill(service))) {
    await delay(POLL_MS);
  }
}
