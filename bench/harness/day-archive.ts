/** Day folders full of scans, for drains. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
