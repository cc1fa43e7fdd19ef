/** Puts a scan's bytes into the archive in one of the ways in which an upstream writes files. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * `rename`: appears complete; `inplace`: opened under its final name and written at once; `slow`: visible
 * half-written for `pauseMs`.
 */
export const WRITE_MODES = ["rename", "inplace", "slow"] as const;
export type WriteMode = (typeof WRITE_MODES)[number];
export type Writing = { readonly mode: WriteMode; readonly pauseMs: number };

/** Resolves once the file is complete. An existing file is never overwritten. */
export async function writeScanFile(
  path: string,
  bytes: Uint8Array,
  { mode, pauseMs }: Writing,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const free = freeName(path);
  switch (mode) {
    case "rename":
      return writeAndRename(free, bytes);
    case "inplace":
      return writeFileSync(free, bytes);
    case "slow":
      return writeSlowly(free, bytes, pauseMs);
  }
}

/** The number restarts with the upstream, so two scans of one second can have the same name. */
function freeName(path: string): string {
  let free = path;
  for (let copy = 1; existsSync(free); copy++) free = path.replace(/\.arrow$/, `_${copy}.arrow`);
  return free;
}

function writeAndRename(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    writeFileSync(temporary, bytes);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  renameSync(temporary, path);
}

async function writeSlowly(path: string, bytes: Uint8Array, pauseMs: number): Promise<void> {
  const half = bytes.length >> 1;
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes.subarray(0, half));
    await file.sync();
    await delay(pauseMs);
    await file.writeFile(bytes.subarray(half));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
