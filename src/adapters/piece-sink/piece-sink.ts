/** Writes pieces with back-pressure, so that memory does not grow with the output. */
import { once } from "node:events";
import { open, rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";

export type PieceSink = (pieces: Iterable<Uint8Array | string>) => Promise<void>;

export function toStream(stream: Writable): PieceSink {
  return async (pieces) => {
    for (const piece of pieces) if (!stream.write(piece)) await once(stream, "drain");
  };
}

/**
 * Afterwards the file is complete, or as it was before. @throws what the file system, or the source of the pieces,
 * threw.
 */
export function toFile(path: string): PieceSink {
  return async (pieces) => {
    const part = `${path}.${process.pid}.tmp`;
    const file = await open(part, "wx", 0o640);
    try {
      for (const piece of pieces) {
        await file.writeFile(piece);
      }
      await file.sync();
      await file.close();
      await rename(part, path);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(part, { force: true });
      throw error;
    }
  };
}
