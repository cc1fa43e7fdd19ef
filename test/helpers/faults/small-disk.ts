/** A disk of a few kilobytes that can be filled, emptied, made read-only and mounted over a folder. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../../src/domain/failure.ts";
import { spawnSync } from "../run-program.ts";

const CHUNK_BYTES = 4_096;

export type SmallDisk = NonNullable<ReturnType<typeof mountSmallDisk>>;

/** Null where this machine does not allow mounts. */
export function mountSmallDisk(path: string, size: string) {
  mkdirSync(path, { recursive: true });
  const mounted = mount(["-t", "tmpfs", "-o", `size=${size},mode=0777`, "tmpfs", path]);
  if (!mounted) return null;
  const filler = join(path, ".filler");
  return {
    /** Takes all the room that is left. */
    fill(): void {
      const file = openSync(filler, "a");
      try {
        for (;;) writeSync(file, Buffer.alloc(CHUNK_BYTES));
      } catch (error) {
        if (codeOf(error) !== "ENOSPC") throw error;
      } finally {
        closeSync(file);
      }
    },
    free: (): void => rmSync(filler, { force: true }),
    remount: (option: string): boolean => mount(["-o", `remount,${option}`, path]),
    unmount: (): void => void spawnSync("umount", ["--lazy", path]),
  };
}

function mount(args: readonly string[]): boolean {
  return spawnSync("mount", args).status === 0;
}
