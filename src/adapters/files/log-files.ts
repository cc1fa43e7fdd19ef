/**
 * Reads log files that other processes write and rotate: the last lines of each, then new lines as they are added.
 */
import { closeSync, fstatSync, openSync, readlinkSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export type LogFollower = {
  /** The complete lines added since the last call, also across a rotation. */
  readonly poll: () => readonly string[];
  readonly close: () => void;
};

const CHUNK_BYTES = 65_536;
const TAIL_BYTES_MAX = 16_777_216;

/** The last lines of a file and, where it is short, of the rotated ones before it; oldest first. */
export function lastLines(file: string, count: number): string[] {
  let lines: string[] = [];
  for (let number = 0; lines.length < count; number += 1) {
    const older = tailOf(number === 0 ? file : `${file}.${number}`, count - lines.length);
    if (older === null) break;
    lines = [...older, ...lines];
  }
  return lines;
}

/**
 * The path to which a process writes its standard output, when that is a file and none of these: it was moved or
 * deleted under the process. Null where that is unknown (no /proc).
 */
export function writesElsewhere(pid: number, files: readonly string[]): string | null {
  try {
    const output = statSync(`/proc/${pid}/fd/1`);
    const isOne = files.some((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat?.ino === output.ino && stat.dev === output.dev;
    });
    return isOne || !output.isFile() ? null : readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return null;
  }
}

function tailOf(file: string, count: number): string[] | null {
  const fd = openRegular(file);
  if (fd === null) return null;
  try {
    const { size } = fstatSync(fd);
    for (let bytes = CHUNK_BYTES; ; bytes *= 4) {
      const start = Math.max(0, size - Math.min(bytes, TAIL_BYTES_MAX));
      const lines = linesIn(readRange(fd, start, size));
      if (start > 0) lines.shift();
      if (start === 0 || lines.length >= count || bytes >= TAIL_BYTES_MAX) {
        return count === 0 ? [] : lines.slice(-count);
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Follows a file; one that does not exist yet is followed from its first byte. */
export function followFile(file: string, from: "start" | "end"): LogFollower {
  let fd = openRegular(file);
  let position = fd === null || from === "start" ? 0 : fstatSync(fd).size;
  let decoder = new StringDecoder("utf8");
  let partial = "";

  function takeRest(): string[] {
    if (fd === null) return [];
    const { size } = fstatSync(fd);
    if (size < position) position = 0;
    const bytes = readRange(fd, position, size);
    position += bytes.length;
    const lines = (partial + decoder.write(bytes)).split("\n");
    partial = lines.pop() ?? "";
    return lines;
  }
  function moveToNewFile(): boolean {
    const now = statSync(file, { throwIfNoEntry: false });
    if (now === undefined || (fd !== null && fstatSync(fd).ino === now.ino)) return false;
    const next = openRegular(file);
    if (next === null) return false;
    if (fd !== null) closeSync(fd);
    fd = next;
    position = 0;
    decoder = new StringDecoder("utf8");
    partial = "";
    return true;
  }
  return {
    poll: () => {
      const lines = takeRest();
      return moveToNewFile() ? [...lines, ...takeRest()] : lines;
    },
    close: () => {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

function openRegular(file: string): number | null {
  try {
    return statSync(file).isFile() ? openSync(file, "r") : null;
  } catch {
    return null;
  }
}

function readRange(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.min(end - start, TAIL_BYTES_MAX));
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(fd, bytes, length, bytes.length - length, start + length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function linesIn(bytes: Buffer): string[] {
  const lines = bytes.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
