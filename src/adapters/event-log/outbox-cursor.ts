/**
 * The index of the last event of a book's log whose trades were sent to the days' sessions; later days are not
 * settled.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OutboxCursorFile } from "../../wire/session/outbox-cursor.ts";
import { writeWhole } from "./segments/segment-files.ts";

const NAME = "told.json";

/** `folder`: of the book. 0, the beginning, where it is missing or unreadable. */
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
