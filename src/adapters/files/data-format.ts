/**
 * The format of a data directory as a whole: `<data-dir>/format.json` says the newest with which it was served. A release
 * refuses a directory of a newer one before it opens any file of it: single files have versions, too, but not all, and
 * what is not known in them would be skipped, repaired or begun anew.
 * Invariant: the number never falls.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { jsonRecord } from "../../domain/json-record.ts";
import { replaceFile } from "./replace-file.ts";
import { syncPath } from "./sync-path.ts";

/**
 * Raised by every change after which an older release could not read all that this one writes, in any file of the data
 * directory or any state of a workflow.
 */
export const DATA_FORMAT = 1;

const FORMAT_FILE = "format.json";

/** Null: this release can read it; else why not, and what to do. */
export function whyTooNew(dataDir: string): string | null {
  const found = readFormat(dataDir);
  if (typeof found === "string") return found;
  if (found <= DATA_FORMAT) return null;
  return (
    `a newer release of DOLPHIN has written ${dataDir} (data format ${found}; this release reads ` +
    `up to ${DATA_FORMAT}): run that release again, or restore a backup that was made before the ` +
    "upgrade ('Roll back' in docs/operate.md). Nothing was changed"
  );
}

/** Called by what is about to write there. A full disk must not prevent a start: the next one tries again. */
export function raiseFormat(dataDir: string): void {
  const found = readFormat(dataDir);
  if (typeof found === "string" || DATA_FORMAT <= found) return;
  const path = join(dataDir, FORMAT_FILE);
  try {
    replaceFile(path, `${JSON.stringify({ format: DATA_FORMAT })}\n`);
    // An empty file after a power failure would be refused.
    syncPath(path);
  } catch {
    // Without it only older releases know less.
  }
}

/** 0: none is there, as in a new directory or that of a release before formats. A text: why it is not known. */
function readFormat(dataDir: string): number | string {
  const path = join(dataDir, FORMAT_FILE);
  const says = `${path} says which release may write ${dataDir}`;
  try {
    const format = jsonRecord(readFileSync(path, "utf8"))?.["format"];
    if (typeof format === "number" && 0 < format) return format;
    return `${says}, and is damaged: restore it from a backup, or delete it if no newer release ever ran there`;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    return `${says}, and cannot be read: give this user access to it (${messageOf(error)})`;
  }
}
