/** Lists the archive: its day folders, and the names in one of them as a stream. */
import { type Dir, type Dirent, lstatSync, opendirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";

export type ArchiveDays =
  | {
      readonly kind: "listed";
      /** Ascending. */
      readonly days: readonly string[];
      /** Names that look like days but are not, such as `2026-02-30`. */
      readonly odd: readonly string[];
      /** Days that are symbolic links, which are not followed. */
      readonly linked: readonly string[];
    }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly detail: string };

const DAY_LIKE = /^\d{4}-\d{2}-\d{2}$/;
const DIRECTORY_OPTIONS = { bufferSize: 1_024 };
const ENTRIES_PER_STEP = 200;

/** In steps of some hundred entries, because the root may hold any number of other files. */
export function* findDays(archive: string): Generator<void, ArchiveDays> {
  try {
    const folders: string[] = [];
    const links: string[] = [];
    let entries = 0;
    for (const entry of entriesOf(opendirSync(archive, DIRECTORY_OPTIONS))) {
      if (DAY_LIKE.test(entry.name)) {
        if (entry.isDirectory()) folders.push(entry.name);
        else if (entry.isSymbolicLink()) links.push(entry.name);
      }
      if (++entries % ENTRIES_PER_STEP === 0) yield;
    }
    const days = folders.filter(isDayFolder).toSorted();
    const odd = folders.filter((name) => !isDayFolder(name));
    return { kind: "listed", days, odd, linked: links.filter(isDayFolder) };
  } catch (error) {
    // Any other error, ESTALE and EACCES too, is a fault of the mount, not a missing archive.
    if (codeOf(error) === "ENOENT") return { kind: "missing" };
    return { kind: "failed", detail: messageOf(error) };
  }
}

export function listDays(archive: string): ArchiveDays {
  const steps = findDays(archive);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * A text that changes whenever an entry is added to, removed from or renamed in the folder, or the folder is
 * replaced; null when it is gone. @throws when it cannot be read.
 */
export function markFolder(path: string): string | null {
  try {
    const found = lstatSync(path, { bigint: true });
    if (!found.isDirectory()) return null;
    return `${found.dev}:${found.ino}:${found.mtimeNs}`;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Names of the entries of one folder, in no order. @throws when it cannot be read. */
export function* namesIn(path: string): Generator<string> {
  let directory: Dir;
  try {
    directory = opendirSync(path, DIRECTORY_OPTIONS);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  for (const entry of entriesOf(directory)) yield entry.name;
}

function* entriesOf(directory: Dir): Generator<Dirent> {
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      yield entry;
    }
  } finally {
    directory.closeSync();
  }
}

/** Remote file systems report no events for changes by other machines; magic numbers from linux/magic.h. */
const REMOTE_FILE_SYSTEMS = new Map<number, string>([
  [0x517b, "smb"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x6969, "nfs"],
  [0x65735546, "fuse"],
  [0x01021997, "9p"],
]);

/**
 * The remote file system that holds the archive; null when it is local. One that cannot be determined counts as
 * remote: listing finds everything that events would report, but not the reverse.
 */
export function remoteFileSystemOf(archive: string): string | null {
  try {
    return REMOTE_FILE_SYSTEMS.get(statfsSync(archive).type >>> 0) ?? null;
  } catch (error) {
    return codeOf(error) === "ENOENT" ? null : `a file system with ${codeOf(error) ?? "an error"}`;
  }
}

export function pathOf(archive: string, file: string): string {
  return join(archive, file);
}
