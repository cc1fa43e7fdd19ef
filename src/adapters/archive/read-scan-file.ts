/**
 * Reads one file of the archive, synchronously: regular files only, never through a link, never blocking on a FIFO. A
 * synchronous read costs a tenth of an asynchronous one, and the caller is a thread that may be abandoned.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { SCAN_FILE_BYTES_MAX } from "../../domain/scan/scan.ts";

export type FileStat = { readonly size: number; readonly mtimeUs: number };

export type FileRead =
  | { readonly kind: "read"; readonly bytes: Uint8Array; readonly stat: FileStat }
  /** Its size or time changed while it was read. */
  | { readonly kind: "changing"; readonly stat: FileStat }
  | { readonly kind: "gone" }
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly detail: string;
      readonly stat: FileStat;
    }
  /** The file cannot be opened or read now: permission, I/O error, out of descriptors. */
  | { readonly kind: "failed"; readonly detail: string };

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
const pool = Buffer.allocUnsafeSlow(256 * 1_024);

/** From the first and last bytes of a file: why it cannot be a whole scan; null where it may be one. */
export type JudgeEnds = (
  head: Uint8Array,
  tail: Uint8Array,
) => { readonly reason: string; readonly detail: string } | null;

/** Bytes at each end that are examined. */
const END_BYTES = 16;

/**
 * The returned bytes are valid until the next call. For a file larger than the pool `judgeEnds` may avoid reading the
 * rest.
 */
export function readScanFile(path: string, judgeEnds: JudgeEnds = () => null): FileRead {
  let descriptor: number;
  try {
    descriptor = openSync(path, FLAGS);
  } catch (error) {
    return openFailure(path, error);
  }
  try {
    const before = fstatSync(descriptor, { bigint: true });
    const stat = { size: Number(before.size), mtimeUs: Number(before.mtimeNs / 1_000n) };
    if (!before.isFile()) return notRegular(stat);
    if (SCAN_FILE_BYTES_MAX < stat.size) {
      const detail = `${stat.size} bytes; a scan file has at most ${SCAN_FILE_BYTES_MAX}`;
      return { kind: "refused", reason: "too_large", detail, stat };
    }
    const fault = stat.size < pool.length ? null : judgeEnds(...endsOf(descriptor, stat.size));
    if (fault !== null) return { kind: "refused", ...fault, stat };
    const buffer = stat.size < pool.length ? pool : Buffer.allocUnsafeSlow(stat.size + 1);
    let length = 0;
    for (;;) {
      // Reads one byte more than the file had: a full buffer means that it grew.
      const got = readSync(descriptor, buffer, length, stat.size + 1 - length, length);
      length += got;
      if (got === 0 || stat.size < length) break;
    }
    const after = fstatSync(descriptor, { bigint: true });
    if (length !== stat.size || after.mtimeNs !== before.mtimeNs || after.size !== before.size) {
      return { kind: "changing", stat };
    }
    return { kind: "read", bytes: buffer.subarray(0, length), stat };
  } catch (error) {
    return { kind: "failed", detail: messageOf(error) };
  } finally {
    closeSync(descriptor);
  }
}

/** Size and time of a directory entry itself; null when it is gone. */
export function statScanFile(path: string): (FileStat & { readonly regular: boolean }) | null {
  try {
    const found = lstatSync(path, { bigint: true });
    return {
      size: Number(found.size),
      mtimeUs: Number(found.mtimeNs / 1_000n),
      regular: found.isFile(),
    };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function endsOf(descriptor: number, size: number): readonly [Uint8Array, Uint8Array] {
  return [endAt(descriptor, 0), endAt(descriptor, size - END_BYTES)];
}

/** Shorter if the file was truncated meanwhile. */
function endAt(descriptor: number, position: number): Uint8Array {
  const end = new Uint8Array(END_BYTES);
  return end.subarray(0, readSync(descriptor, end, 0, END_BYTES, position));
}

function openFailure(path: string, error: unknown): FileRead {
  const code = codeOf(error);
  if (code === "ENOENT") return { kind: "gone" };
  if (code !== "ELOOP" && code !== "ENXIO") return { kind: "failed", detail: messageOf(error) };
  try {
    const found = statScanFile(path);
    return found === null ? { kind: "gone" } : notRegular(found);
  } catch (later) {
    return { kind: "failed", detail: messageOf(later) };
  }
}

function notRegular(stat: FileStat): FileRead {
  const detail = "not a regular file (a folder, link, FIFO or device); remove or rename it";
  return { kind: "refused", reason: "not_regular", detail, stat };
}
