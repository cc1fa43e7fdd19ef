/** A service's process that is seen to have ended before a worker reports it: one that dies takes its services with it. */
import { join } from "node:path";
import { readHold } from "../../adapters/process/hold/hold-file.ts";
import { kernelPlace, seenProcess } from "../../adapters/process/hold/kernel-place.ts";
import { type NamedProcess, readRunFile } from "../../adapters/process/run-file.ts";
import { whyNotDead } from "../../domain/supervision/hold/release.ts";

/**
 * The process that the run file names, if it is proven to have ended. Null: it lives, or there is no run file, or its worker
 * runs under another kernel or pid namespace, where the pid means another process.
 */
export function endedProcess(dataDir: string, service: string): NamedProcess | null {
  const runFolder = join(dataDir, "run");
  const run = readRunFile(runFolder, service);
  if (run === null) return null;
  // The service runs where its worker does.
  const place = readHold(runFolder, service)?.place ?? null;
  const seen = { place: kernelPlace(), process: seenProcess(run.pid) };
  return whyNotDead({ keeper: run, place }, seen) === null ? run : null;
}
