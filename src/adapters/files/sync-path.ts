/** What was written or renamed is on the disk only after a sync of the file, or of its folder. */
import { closeSync, fsyncSync, openSync } from "node:fs";

/** A file's content, or a folder's names (creations, renames and deletions in it), are on the disk afterwards. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
