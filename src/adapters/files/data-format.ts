/**
 * The format of a data directory as a whole: `<data-dir>/format.json` says the newest with which it was served. A release
 * refuses a directory of a newer one before it opens any file of it: single files have versions, too, but not all, and
 * what is not known in them would be skipped, repaired or begun anew.
 * Invariant: the number never falls.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonRecord } from "../../domain/json-record.ts";
import { replaceFile } from "./replace-file.ts";

/**
 * Raised by every change after which an older release could not read all that this one writes, in any file of the data
 * directory or any state of a workflow.
 */
export const DATA_FORMAT = 1;

const FORMAT_FILE = "format.json";

/** Null: this release can read it; else why not, and what to do. */
export function whyTooNew(dataDir: string): string | null {
  const format = readFormat(dataDir);
  if (format === null || format <= DATA_FORMAT) return null;
  return (
    `a newer release of DOLPHIN has written ${dataDir} (data format ${format}; this release reads up to ${DATA_FORMAT}): run ` +
    "that release again, or restore a backup that was made before the upgrade ('Roll back' in docs/operate.md). Nothing was changed"
  );
}

/** Called by what is about to write there. A full disk must not prevent a start: the next one tries again. */
export function raiseFormat(dataDir: string): void {
  if (readFormat(dataDir) !== null) return;
  try {
    replaceFile(join(dataDir, FORMAT_FILE), `${JSON.stringify({ format: DATA_FORMAT })}\n`);
  } catch {
    // Without it only older releases know less.
  }
}

/** Null: not known, or older than the present one. */
function readFormat(dataDir: string): number | null {
  const path = join(dataDir, FORMAT_FILE);
  if (!existsSync(path)) return null;
  const format = jsonRecord(readFileSync(path, "utf8"))?.["format"];
  return typeof format === "number" && DATA_FORMAT <= format ? format : null;
}
