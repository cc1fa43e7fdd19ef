/** Waits until a newly started server answers; a server that has ended or is too slow is an error. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { processorWaits } from "../adapters/process/process-facts.ts";
import { watchSilence } from "../adapters/process/process-silence.ts";
import { isTooSilent } from "../domain/supervision/silence.ts";
import type { GuardedProcess, ProcessEnd } from "./guarded-process.ts";

export type Readiness = {
  readonly name: string;
  readonly process: GuardedProcess;
  readonly logFile: string;
  readonly withinMs: number;
  /** Rejects while the server is not ready. */
  probe(): Promise<void>;
};

const PROBE_INTERVAL_MS = 100;
/** Deadline of a probe, and the interval. */
const POLL_MS_MAX = 5_000;
const LOG_TAIL_BYTES = 1_500;

export async function untilReady(server: Readiness): Promise<void> {
  const silence = watchSilence({
    waits: () => processorWaits(server.process.pid),
    intervalMs: POLL_MS_MAX,
    measuredFromMs: () => 0,
  });
  let end: ProcessEnd | null = null;
  void server.process.exited.then((ended) => (end = ended));
  let problem: unknown = null;
  while (!isTooSilent(silence.poll("silent"), server.withinMs)) {
    if (end !== null) break;
    try {
      await server.probe();
      return;
    } catch (error) {
      problem = error;
    }
    await delay(PROBE_INTERVAL_MS);
  }
  server.process.kill();
  const what =
    end === null ? `did not answer within ${server.withinMs / 1_000} s` : `ended (${tell(end)})`;
  const tail = tailOf(server.logFile);
  throw new Error(`${server.name} ${what} at start; the end of ${server.logFile}:\n${tail}`, {
    cause: problem,
  });
}

export function tell(end: ProcessEnd): string {
  return end.signal ?? `exit ${end.code}`;
}

export function tailOf(file: string): string {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const length = Math.min(size, LOG_TAIL_BYTES);
    const buffer = Buffer.alloc(length);
    readSync(handle, buffer, 0, length, size - length);
    return buffer.toString("utf8").trimEnd();
  } finally {
    closeSync(handle);
  }
}
