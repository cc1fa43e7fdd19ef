/** What a service prints: stdout and stderr in a file each, capped, and read back when it ended. */
import { closeSync, fstatSync, openSync, readSync, statSync, truncateSync } from "node:fs";

const OUTPUT_BYTES_MAX = 10_000_000;
const TAIL_BYTES_MAX = 8_192;

/** Where stderr goes, beside where stdout does. */
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

/** The last lines written after `from`; none of a file that cannot be read. */
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

/** Tells what was printed since this was called: what went wrong stands in stderr, and so at the end. */
export function printedFromNow(outFile: string): () => string[] {
  const files = [outFile, errorFile(outFile)].map((file) => ({ file, from: outputSize(file) }));
  return () => files.flatMap(({ file, from }) => outputSince(file, from));
}

/** The writer appends, so it goes on at the beginning. */
export function capOutput(file: string): void {
  if (outputSize(file) <= OUTPUT_BYTES_MAX) return;
  try {
    truncateSync(file);
  } catch {
    // A full or read-only disk: tried again at the next check.
  }
}
