/** Lists the archive: its day folders, and the names in one of them without ever holding them all. */
import { type Dir, lstatSync, opendirSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";

export type ArchiveDays =
  | {
      readonly kind: "listed";
      /** Ascending. */
      readonly days: readonly string[];
      /** Names that look like days and are none, such as `2026-02-30`. */
      readonly odd: readonly string[];
    }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly detail: string };

const DAY_LIKE = /^\d{4}-\d{2}-\d{2}$/;
const DIRECTORY_BUFFER_ENTRIES = 1_024;

export function listDays(archive: string): ArchiveDays {
  try {
    const entries = readdirSync(archive, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const days = folders.filter(isDayFolder).toSorted();
    const odd = folders.filter((name) => DAY_LIKE.test(name) && !isDayFolder(name));
    return { kind: "listed", days, odd };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    return { kind: "failed", detail: messageOf(error) };
  }
}

/**
 * A text that changes whenever an entry is added to, removed from or renamed in the folder, or the
 * folder is replaced; null when it is gone.
 */
export function markFolder(path: string): string | null {
  try {
    const found = lstatSync(path, { bigint: true });
    if (!found.isDirectory()) return null;
    return `${found.dev}:${found.ino}:${found.mtimeNs}`;
  } catch {
    return null;
  }
}

/** Names of the entries of one folder, in no order. @throws when it cannot be read. */
export function* namesIn(path: string): Generator<string> {
  let directory: Dir;
  try {
    directory = opendirSync(path, { bufferSize: DIRECTORY_BUFFER_ENTRIES });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    for (;;) {
      const entry = directory.readSync();
      if (entry === null) return;
      yield entry.name;
    }
  } finally {
    directory.closeSync();
  }
}

/** Remote file systems give no events for what another machine writes; from linux/magic.h. */
const REMOTE_FILE_SYSTEMS = new Map<number, string>([
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x6969, "nfs"],
  [0x65735546, "fuse"],
  [0x01021997, "9p"],
]);

/** The remote file system that the archive lies on; null when it is local. */
export function remoteFileSystemOf(archive: string): string | null {
  try {
    return REMOTE_FILE_SYSTEMS.get(statfsSync(archive).type >>> 0) ?? null;
  } catch {
    return null;
  }
}

export function pathOf(archive: string, file: string): string {
  return join(archive, file);
}
