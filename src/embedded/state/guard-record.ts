/**
 * `<log file>.guard` identifies the guard that writes that log, from its start on: up.json names a process only once
 * it is ready, and a killed `dolphin up` may have been starting it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { startedTicks } from "../../adapters/process/process-facts.ts";

const GuardRecord = z.object({ pid: z.number().int(), started_ticks: z.number().int().nullable() });
export type GuardRecord = Readonly<z.infer<typeof GuardRecord>>;

const SUFFIX = ".guard";

export function writeGuardRecord(logFile: string, pid: number): void {
  const record: GuardRecord = { pid, started_ticks: startedTicks(pid) };
  try {
    writeFileSync(logFile + SUFFIX, JSON.stringify(record));
  } catch {
    // A full disk must not prevent a server's start; its guard ends it anyway.
  }
}

/** Removes it, unless it names another guard by now. */
export function removeGuardRecord(logFile: string, pid: number): void {
  try {
    if (readRecord(logFile + SUFFIX)?.pid === pid) rmSync(logFile + SUFFIX, { force: true });
  } catch {
    // The disk is missing or read-only: the recorded start time shows that it is old.
  }
}

/** By the name of the log, without its extension. */
export function readGuardRecords(logFolder: string): ReadonlyMap<string, GuardRecord> {
  const found = new Map<string, GuardRecord>();
  for (const file of filesIn(logFolder)) {
    const record = file.endsWith(SUFFIX) ? readRecord(join(logFolder, file)) : null;
    if (record !== null) found.set(file.split(".")[0] ?? file, record);
  }
  return found;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Null where there is none; a half-written one belongs to an `up` that died meanwhile. */
function readRecord(path: string): GuardRecord | null {
  try {
    return GuardRecord.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}
