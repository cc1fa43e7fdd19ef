/**
 * The index of the last event of a book's log whose trades were sent to the days' sessions; later days are not
 * settled.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type OutboxCursor, OutboxCursorFile } from "../../wire/session/outbox-cursor.ts";
import { writeWhole } from "./segments/segment-files.ts";

const NAME = "told.json";

const AT_BEGINNING: OutboxCursor = { after: 0, temporal: null };

/** `folder`: of the book. The beginning, where it is missing or unreadable. */
export function readOutboxFile(folder: string): OutboxCursor {
  try {
    return OutboxCursorFile.parse(JSON.parse(readFileSync(join(folder, NAME), "utf8")));
  } catch {
    return AT_BEGINNING;
  }
}

export function readOutboxCursor(folder: string): number {
  return readOutboxFile(folder).after;
}

/** Without `temporal` the file keeps its own. */
export function writeOutboxCursor(
  folder: string,
  after: number,
  temporal: string | null = readOutboxFile(folder).temporal,
): void {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  writeWhole(join(folder, NAME), [Buffer.from(`${JSON.stringify({ after, temporal })}\n`)]);
}
