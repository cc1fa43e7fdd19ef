/** The last event of a book's log that its days' sessions have heard of; what lies behind it is not settled. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OutboxCursorFile } from "../../wire/session/outbox-cursor.ts";
import { writeWhole } from "./segments/segment-files.ts";

const NAME = "told.json";

/** `folder`: of the book. From the beginning, 0, where it is missing or can't be read. */
export function readOutboxCursor(folder: string): number {
  try {
    return OutboxCursorFile.parse(JSON.parse(readFileSync(join(folder, NAME), "utf8"))).after;
  } catch {
    return 0;
  }
}

export function writeOutboxCursor(folder: string, after: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  writeWhole(join(folder, NAME), [Buffer.from(`${JSON.stringify({ after })}\n`)]);
}
