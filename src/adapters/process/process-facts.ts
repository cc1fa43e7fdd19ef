/** What the kernel reports about a process (Linux /proc; elsewhere only whether it exists). */
import { readdirSync, readFileSync } from "node:fs";

export type ProcessUsage = { readonly rssBytes: number; readonly cpuMs: number };

/** On every Linux that Node supports, the kernel counts CPU time in hundredths of a second. */
const MS_PER_TICK = 10;
const BYTES_PER_KB = 1_024;
const NS_PER_MS = 1e6;

/** Start time of the process in ticks since boot: together with the pid it identifies a process uniquely. */
export function startedTicks(pid: number): number | null {
  const fields = statFields(pid);
  return fields === null ? null : Number(fields[19]);
}

export function processUsage(pid: number): ProcessUsage | null {
  const fields = statFields(pid);
  if (fields === null) return null;
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, "status") ?? "")?.[1];
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  return { rssBytes: Number(kilobytes ?? 0) * BYTES_PER_KB, cpuMs };
}

/** What a thread waited for a processor since its start: it was ready to run and was not let. */
export type ProcessorWaits = { readonly waitedMs: number; readonly runs: number };

/** By thread; empty where the kernel does not count it. */
export type WaitsByThread = ReadonlyMap<string, ProcessorWaits>;

/** Of all threads: for a process of which any may have to answer. */
export function processorWaits(pid: number): WaitsByThread {
  return waitsOf(pid, threadsOf(pid));
}

/** Of the main thread alone: for a process that answers with it. */
export function mainThreadWaits(pid: number): WaitsByThread {
  return waitsOf(pid, [String(pid)]);
}

function waitsOf(pid: number, threads: readonly string[]): WaitsByThread {
  const waits = threads.flatMap((thread) => {
    const [, waitedNs, runs] = readProc(pid, `task/${thread}/schedstat`)?.split(" ") ?? [];
    const found = { waitedMs: Number(waitedNs) / NS_PER_MS, runs: Number(runs) };
    return runs === undefined ? [] : [[thread, found] as const];
  });
  return new Map(waits);
}

/** Whether this very process still exists and is not a zombie. Without ticks the pid alone decides. */
export function isProcessAlive(pid: number, ticks: number | null): boolean {
  const fields = statFields(pid);
  if (fields === null) return process.platform !== "linux" && canSignal(pid);
  return fields[0] !== "Z" && (ticks === null || Number(fields[19]) === ticks);
}

/** Signals a whole process group; false when it is empty. Refuses 0, our own group, and 1, all processes. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): boolean {
  if (!(1 < pgid)) return false;
  try {
    process.kill(-pgid, signal);
    return true;
  } catch {
    return false;
  }
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat from the third on (the second is a name that may hold anything). */
function statFields(pid: number): string[] | null {
  const text = readProc(pid, "stat");
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readProc(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return null;
  }
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
