/**
 * Bounds a log that a program writes through an inherited descriptor. The program appends, so after a copy the file
 * is truncated, and the program continues at its beginning.
 */
import { copyFileSync, existsSync, renameSync, statSync, truncateSync } from "node:fs";

export type RotationLimits = { readonly bytesMax: number; readonly filesMax: number };

/** Never throws: a full disk must not end what this protects. */
export function rotateRawLog(file: string, { bytesMax, filesMax }: RotationLimits): void {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= bytesMax) return;
    for (let number = filesMax - 2; 1 <= number; number -= 1) {
      if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    }
    if (1 < filesMax) copyFileSync(file, `${file}.1`);
  } catch {
    // Without room for the copy the content is dropped, below.
  }
  try {
    truncateSync(file);
  } catch {
    // Tried again at the next look.
  }
}
