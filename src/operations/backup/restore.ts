/**
 * Restores a backup into an empty data directory. A file that is there already may belong to what is restored over it
 * without fitting it: SQLite would apply the write-ahead log of another database.
 * Invariant: until everything is copied, the data directory has nothing in it that a process looks at.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { copyAtRest } from "../../adapters/backup/copy-file.ts";
import { syncPath } from "../../adapters/files/sync-path.ts";
import { filesBelow, firstNameBelow } from "../../adapters/backup/files-below.ts";
import { messageOf } from "../../domain/failure.ts";
import { BACKUP_FILE, BackupRecord } from "../../wire/backup/backup-record.ts";

/** Within the data directory, because only that is sure to be writable, and on the same disk. */
const STAGE = ".restoring";
/** A bridge that found everything else, but no journal, would begin at seq 1. */
const LAST = "journal";

/** @throws {Error} that says what is wrong, and what to do. */
export function restoreBackup(from: string, dataDir: string): BackupRecord {
  const record = checkedRecord(from);
  const stage = join(dataDir, STAGE);
  // Of a restore that was killed.
  rmSync(stage, { recursive: true, force: true });
  const inTheWay = firstNameBelow(dataDir);
  if (inTheWay !== null) {
    throw new Error(
      `${dataDir} is not empty (${inTheWay}): stop everything that uses it, move it away, and restore into an empty folder`,
    );
  }
  try {
    mkdirSync(stage, { recursive: true, mode: 0o750 });
    for (const { path } of filesBelow(join(from, "data"))) {
      copyAtRest(join(from, "data", path), join(stage, path));
    }
  } catch (error) {
    rmSync(stage, { recursive: true, force: true });
    throw new Error(`${messageOf(error)}; nothing was restored`, { cause: error });
  }
  putInPlace(stage, dataDir);
  return record;
}

/** A copy of a backup may have been cut off, too. */
function checkedRecord(from: string): BackupRecord {
  const file = join(from, BACKUP_FILE);
  if (!existsSync(file)) {
    throw new Error(
      `${from} has no ${BACKUP_FILE}: no backup, or one that was not finished; choose another`,
    );
  }
  const record = BackupRecord.parse(JSON.parse(readFileSync(file, "utf8")));
  const found = existsSync(join(from, "data")) ? filesBelow(join(from, "data")) : [];
  const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
  if (found.length !== record.files || bytes !== record.bytes) {
    throw new Error(
      `${from} has ${found.length} of ${record.files} files and ${bytes} of ${record.bytes} bytes: copy it again, or choose another`,
    );
  }
  return record;
}

function putInPlace(stage: string, dataDir: string): void {
  const names = readdirSync(stage).filter((name) => name !== LAST);
  for (const name of [...names, ...(existsSync(join(stage, LAST)) ? [LAST] : [])]) {
    // Folders without a file in them, such as an installation makes.
    rmSync(join(dataDir, name), { recursive: true, force: true });
    renameSync(join(stage, name), join(dataDir, name));
  }
  rmSync(stage, { recursive: true });
  syncPath(dataDir);
}
