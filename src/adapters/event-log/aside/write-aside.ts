/**
 * Writes whole files without blocking the event loop: I/O is asynchronous, hashing is done in slices. It uses another
 * temporary name than `writeWhole`, so that the two cannot collide.
 */
import { createHash } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

/** Hashed per turn: a fraction of a millisecond. */
const BYTES_PER_TURN = 262_144;
export const ASIDE_ENDING = ".aside.tmp";

/** A reader finds the whole file or none, also after a power failure. */
export async function writeWholeAside(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}${ASIDE_ENDING}`;
  const file = await open(temporary, "w", 0o640);
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length;) {
        const { bytesWritten } = await file.write(part, at, part.length - at, null);
        at += bytesWritten;
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The SHA-256 of all parts together. */
export async function hashAside(parts: Iterable<Uint8Array>): Promise<Buffer> {
  const hash = createHash("sha256");
  for (const part of parts) {
    for (let at = 0; at < part.length; at += BYTES_PER_TURN) {
      hash.update(part.subarray(at, at + BYTES_PER_TURN));
      await turn();
    }
  }
  return hash.digest();
}
