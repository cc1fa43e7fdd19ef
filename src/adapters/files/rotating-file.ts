/**
 * An append-only file of lines, rotated by size: `x.log`, `x.log.1`, ... `x.log.9`. Writes are synchronous, so that
 * the last line before a crash or an exit is in the file. Invariant: a failed write never throws; the line is
 * dropped, counted and reported once writing works again.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { monotonicMs } from "../clock.ts";

export type RotatingFileOptions = {
  readonly file: string;
  readonly bytesMax: number;
  /** Number of files kept, including the one being written. */
  readonly filesMax: number;
  /** Builds the line that reports how many lines were dropped, and why. */
  readonly lossLine: (lines: number, reason: string) => string;
};
export type RotatingFile = {
  /** Takes one line including its line feed. */
  readonly write: (line: string) => void;
  readonly dropped: () => number;
  readonly close: () => void;
};

const REOPEN_AFTER_MS = 1_000;

export function openRotatingFile(options: RotatingFileOptions): RotatingFile {
  let fd: number | null = null;
  let closed = false;
  let dropped = 0;
  let unreported = 0;
  let reason = "";
  let retryAtMs = 0;
  let torn = false;

  function append(text: string): void {
    if (fd !== null && isFullOrGone(fd, options)) release();
    fd ??= openForAppend(options.file);
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    for (let done = 0; done < bytes.length; torn = true) done += writeSync(fd, bytes, done);
    torn = false;
  }
  function release(): void {
    const open = fd;
    fd = null;
    try {
      if (open !== null) closeSync(open);
    } catch {
      // The file is given up anyway.
    }
  }
  function write(line: string): void {
    if (closed || monotonicMs() < retryAtMs) {
      dropped += 1;
      unreported += 1;
      return;
    }
    try {
      if (unreported > 0) append(options.lossLine(unreported, reason));
      unreported = 0;
      append(line);
    } catch (error) {
      dropped += 1;
      unreported += 1;
      reason = error instanceof Error ? error.message : String(error);
      retryAtMs = monotonicMs() + REOPEN_AFTER_MS;
      release();
    }
  }
  return {
    write,
    dropped: () => dropped,
    close: () => {
      closed = true;
      release();
    },
  };
}

/** Whether the file must be reopened, because it was renamed or deleted; a full one is rotated here. */
function isFullOrGone(fd: number, options: RotatingFileOptions): boolean {
  const stat = fstatSync(fd);
  // An operator, logrotate, or another process that shares the file may have moved it.
  if (inodeOf(options.file) !== stat.ino) return true;
  if (stat.size < options.bytesMax) return false;
  shift(options);
  return true;
}

function openForAppend(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, "a", 0o640);
}

function shift({ file, filesMax }: RotatingFileOptions): void {
  if (filesMax === 1) unlinkSync(file);
  for (let number = filesMax - 1; number > 0; number -= 1) {
    const from = number === 1 ? file : `${file}.${number - 1}`;
    if (inodeOf(from) !== null) renameSync(from, `${file}.${number}`);
  }
}

function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}
