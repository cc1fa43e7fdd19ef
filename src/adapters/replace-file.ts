/** Small files that others read while they are written. */
import { renameSync, writeFileSync } from "node:fs";

/** Who reads it, or dies in it, finds the old one or the new one. One process at a time writes it. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text, { mode: 0o640 });
  renameSync(`${path}.tmp`, path);
}
