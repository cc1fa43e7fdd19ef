/** Checks whether the disk of a folder has room, before a write fails. */
import { statfs } from "node:fs/promises";

const BYTES_MIN = 2_000_000;

/** Bytes that our user may still write there; rejects with the file system's error. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function isFull(bytes: number): boolean {
  return bytes < BYTES_MIN;
}

/** Rejects with a sentence that names the problem and the folder. */
export async function checkRoom(folder: string): Promise<void> {
  if (isFull(await freeBytes(folder))) throw new Error(fullText(folder));
}

export function fullText(folder: string): string {
  return `FULL: the one of ${folder}; free some space`;
}
