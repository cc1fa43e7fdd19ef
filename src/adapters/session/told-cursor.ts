/** Up to which event of a book's log its days' sessions were told; what lies behind it is not settled. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ToldFile } from "../../wire/session/told.ts";
import { writeWhole } from "../trading-journal/segments/segment-files.ts";

const NAME = "told.json";

/** `folder`: of the book. From the beginning, 0, where it is missing or can't be read. */
export function readTold(folder: string): number {
  try {
    return ToldFile.parse(JSON.parse(readFileSync(join(folder, NAME), "utf8"))).after;
  } catch {
    return 0;
  }
}

export function writeTold(folder: string, after: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  writeWhole(join(folder, NAME), [Buffer.from(`${JSON.stringify({ after })}\n`)]);
}
