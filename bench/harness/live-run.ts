/** One live run: files are renamed into place at a steady rate, and the listener records each. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Listener, monotonicUs, type SeenScan } from "./listener.ts";
import type { ScanFile } from "./scan-corpus.ts";

export type LiveRun = {
  readonly archive: string;
  readonly listener: Listener;
  readonly files: readonly ScanFile[];
  /** The first of them bring processes up to speed, and are not counted. */
  readonly warmFiles: number;
  readonly rate: number;
  /** How long the last file is waited for. */
  readonly patienceMs: number;
};

export type LiveResult = { readonly latenciesUs: readonly number[]; readonly missed: number };

const COLLECT_EVERY_MS = 100;

export async function liveRun(run: LiveRun): Promise<LiveResult> {
  await run.listener.clear();
  const renamedUs = await renameIntoPlace(run);
  for (const { scanNumber } of run.files.slice(0, run.warmFiles)) renamedUs.delete(scanNumber);
  const last = run.files.at(-1)!.scanNumber;
  const giveUpMs = performance.now() + run.patienceMs;
  let seen = await run.listener.collect();
  while (!seen.some((scan) => scan.scanNumber === last) && performance.now() < giveUpMs) {
    await delay(COLLECT_EVERY_MS);
    seen = await run.listener.collect();
  }
  const latenciesUs = latenciesOf(renamedUs, seen);
  return { latenciesUs, missed: renamedUs.size - latenciesUs.length };
}

/** Returns when each scan was renamed, by its number, in microseconds of `monotonicUs`. */
export async function renameIntoPlace(of: {
  readonly archive: string;
  readonly files: Iterable<ScanFile>;
  readonly rate: number;
}): Promise<Map<number, number>> {
  const day = join(of.archive, dayFolder());
  mkdirSync(day, { recursive: true });
  const renamedUs = new Map<number, number>();
  const startedMs = performance.now();
  for (const file of of.files) {
    await delay(Math.max(0, startedMs + (renamedUs.size * 1_000) / of.rate - performance.now()));
    const temporary = join(day, `.${file.name}.tmp`);
    writeFileSync(temporary, file.bytes);
    const atUs = monotonicUs();
    renameSync(temporary, join(day, file.name));
    renamedUs.set(file.scanNumber, atUs);
  }
  return renamedUs;
}

/** A scan counts when it is first seen: a bridge may publish it again. */
function latenciesOf(
  renamedUs: ReadonlyMap<number, number>,
  seen: readonly SeenScan[],
): readonly number[] {
  const firstSeenUs = new Map<number, number>();
  for (const { scanNumber, atUs } of seen) {
    if (!firstSeenUs.has(scanNumber)) firstSeenUs.set(scanNumber, atUs);
  }
  return [...renamedUs].flatMap(([scanNumber, atUs]) => {
    const seenUs = firstSeenUs.get(scanNumber);
    return seenUs === undefined ? [] : [seenUs - atUs];
  });
}

export function dayFolder(): string {
  return new Date().toISOString().slice(0, 10);
}
