/**
 * Whether a data directory is being restored, or a restore into it was killed: it looks empty then, and a bridge that
 * started on it would begin at seq 1.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Within the data directory, because only that is sure to be writable, and on the same disk. */
export const RESTORE_STAGE = ".restoring";

/** Null: it is complete; else why nothing may use it yet. */
export function whyNotRestored(dataDir: string): string | null {
  if (!existsSync(join(dataDir, RESTORE_STAGE))) return null;
  return (
    `a 'dolphin restore' into ${dataDir} is at work or was killed: wait until it has ended, or run it again; to do ` +
    `without it, remove ${join(dataDir, RESTORE_STAGE)}`
  );
}
