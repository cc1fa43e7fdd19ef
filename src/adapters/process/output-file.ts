/** The output of a service: one file each for stdout and stderr, capped, and read back when it has ended. */
import { closeSync, fstatSync, openSync, readSync, statSync, truncateSync } from "node:fs";

const OUTPUT_BYTES_MAX = 10_000_000;
const TAIL_BYTES_MAX = 8_192;

/** The path for stderr, beside that for stdout. */
export function errorFile(outFile: string): string {
  return `${outFile.replace(/\.out$/, "")}.err`;
}

export function outputSize(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

/** The last lines written after `from`; empty for a file that cannot be read. */
export function outputSince(file: string, from: number): string[] {
  let fd: number | null = null;
  try {
    fd = openSync(file, "r");
    const { size } = fstatSync(fd);
    const start = Math.max(from <= size ? from : 0, size - TAIL_BYTES_MAX);
    const bytes = Buffer.alloc(size - start);
    const count = readSync(fd, bytes, 0, bytes.length, start);
    const lines = bytes.toString("utf8", 0, count).split("\n");
    return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  } catch {
    return [];
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Returns a function that reads what was printed since this call; stderr comes last, because errors are there. */
export function printedFromNow(outFile: string): () => string[] {
  const files = [outFile, errorFile(outFile)].map((file) => ({ file, from: outputSize(file) }));
  return () => files.flatMap(({ file, from }) => outputSince(file, from));
}

/** The writer appends, so it continues at the new end. */
export function capOutput(file: string): void {
  if (outputSize(file) <= OUTPUT_BYTES_MAX) return;
  try {
    truncateSync(file);
  } catch {
    // A full or read-only disk: tried again at the next check.
  }
}
