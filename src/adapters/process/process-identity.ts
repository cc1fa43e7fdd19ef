/** Tells a process from a later one with the same pid: by its start time, field 22 of /proc/PID/stat. */
import { readFileSync } from "node:fs";

/** Null where the process is gone, or where there is no /proc (macOS). */
export function startedTicksOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The second field is the command in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[19]);
  return Number.isSafeInteger(ticks) ? ticks : null;
}

/** Whether `pid` runs and is the process that started at `startedTicks` (null: the pid must do). */
export function isSameProcess(pid: number, startedTicks: number | null): boolean {
  if (!isAlive(pid)) return false;
  return startedTicks === null || startedTicksOf(pid) === startedTicks;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: it is there, we may just not signal it.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Resident memory in bytes; null where the process is gone or there is no /proc. */
export function residentBytesOf(pid: number): number | null {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
    return Number.isSafeInteger(pages) ? pages * PAGE_BYTES : null;
  } catch {
    return null;
  }
}

const PAGE_BYTES = 4_096;
