/** A wall clock that a test sets for one process, with a preloaded library. */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { spawnSync } from "../run-program.ts";

const SOURCE = resolve(import.meta.dirname, "shifted-clock.c");

export type ShiftedClock = NonNullable<ReturnType<typeof buildShiftedClock>>;

/** Null where there is no C compiler. */
export function buildShiftedClock(dir: string) {
  const library = join(dir, "shifted-clock.so");
  const file = join(dir, "shifted-clock.seconds");
  const built = spawnSync("cc", ["-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]).status === 0;
  if (!built) return null;
  writeFileSync(file, Buffer.alloc(8));
  return {
    env: { LD_PRELOAD: library, SHIFTED_CLOCK: file },
    /** Takes effect in the running process at once. */
    shift(seconds: number): void {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(Math.round(seconds)));
      const descriptor = openSync(file, "r+");
      writeSync(descriptor, bytes, 0, bytes.length, 0);
      closeSync(descriptor);
    },
  };
}
