/** Day folders full of scans, for drains; and days compacted, for backtests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compactDay } from "../../src/operations/compaction/compact-day.ts";
import { dayFolder } from "./live-run.ts";
import { scanCorpus } from "./scan-corpus.ts";

export type DayArchive = { readonly archive: string; readonly day: string; readonly count: number };

/** Writes `count` scans into today's folder below `archive`. */
export function writeDayArchive(archive: string, assets: number, count: number): DayArchive {
  const day = join(archive, dayFolder());
  mkdirSync(day, { recursive: true });
  for (const { name, bytes } of scanCorpus(assets, count)) writeFileSync(join(day, name), bytes);
  return { archive, day, count };
}

/** Compacts days that no bridge has numbered. */
export async function compactDays(archive: string, days: readonly string[]): Promise<void> {
  for (const day of days) {
    const outcome = await compactDay(archive, day, {
      seqs: () => new Map(),
      nowMs: () => Date.now(),
      onProgress: () => {},
      onProblem: (problem) => process.stderr.write(`${problem}\n`),
      signal: new AbortController().signal,
    });
    if (outcome.kind !== "written") throw new Error(`${day} is ${outcome.kind}`);
  }
}
