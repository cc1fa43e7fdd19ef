/**
 * Restores a backup into an empty data directory. A file that is there already may belong to what is restored over it
 * without fitting it: SQLite would apply the write-ahead log of another database.
 * Invariant: until everything is copied, the data directory has nothing in it that a process looks at.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { copyAtRest } from "../../adapters/backup/copy-file.ts";
import { filesBelow, firstNameBelow } from "../../adapters/backup/files-below.ts";
import { RESTORE_STAGE } from "../../adapters/backup/restore-stage.ts";
import { whyTooNew } from "../../adapters/files/data-format.ts";
import { LOCK_FILES, lockDirectory } from "../../adapters/files/directory-lock.ts";
import { syncPath } from "../../adapters/files/sync-path.ts";
import { messageOf } from "../../domain/failure.ts";
import { BACKUP_FILE, BackupRecord } from "../../wire/backup/backup-record.ts";

/** A bridge that found everything else, but no journal, would begin at seq 1. */
const LAST = "journal";

/** @throws {Error} that says what is wrong, and what to do. */
export function restoreBackup(from: string, dataDir: string): BackupRecord {
  const tooNew = whyTooNew(join(from, "data"));
  if (tooNew !== null) throw new Error(tooNew);
  const record = checkedRecord(from);
  // The lock of `dolphin up`: neither starts while the other is at work.
  const lock = lockDirectory(dataDir);
  if (lock === null) {
    throw new Error(
      `a 'dolphin up' or another 'dolphin restore' is at work on ${dataDir}: stop it, or wait until it has ended`,
    );
  }
  try {
    restoreLocked(from, dataDir);
  } finally {
    lock.release();
  }
  return record;
}

function restoreLocked(from: string, dataDir: string): void {
  const stage = join(dataDir, RESTORE_STAGE);
  // Of a restore that was killed.
  rmSync(stage, { recursive: true, force: true });
  assertEmpty(dataDir);
  try {
    mkdirSync(stage, { recursive: true, mode: 0o750 });
    for (const { path } of filesBelow(join(from, "data"))) {
      copyAtRest(join(from, "data", path), join(stage, path));
    }
    // Something that takes no lock may have started meanwhile.
    assertEmpty(dataDir);
  } catch (error) {
    rmSync(stage, { recursive: true, force: true });
    throw new Error(`${messageOf(error)}; nothing was restored`, { cause: error });
  }
  putInPlace(stage, dataDir);
}

/** But for what a restore itself creates. @throws {Error} that names the first file in the way. */
function assertEmpty(dataDir: string): void {
  const inTheWay = firstNameBelow(dataDir, [RESTORE_STAGE, ...LOCK_FILES]);
  if (inTheWay === null) return;
  throw new Error(
    `${dataDir} is not empty (${inTheWay}): stop everything that uses it, move it away, and restore into an empty folder`,
  );
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
    removeEmptyFolders(join(dataDir, name));
    renameSync(join(stage, name), join(dataDir, name));
  }
  rmSync(stage, { recursive: true });
  syncPath(dataDir);
}

/** Never a file: ENOTEMPTY where one was created meanwhile. */
function removeEmptyFolders(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) removeEmptyFolders(join(folder, name));
  rmdirSync(folder);
}
