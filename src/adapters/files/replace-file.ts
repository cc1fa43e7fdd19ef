/** Small files that are read while they are replaced. */
import { renameSync, writeFileSync } from "node:fs";

/** A reader, or a crash in it, leaves the old file or the new one. Only one process at a time may write it. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o640 });
  renameSync(`${path}.tmp`, path);
}
