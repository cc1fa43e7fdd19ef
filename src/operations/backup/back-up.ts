/**
 * Backs up a data directory and Temporal's database while they are in use, in the order that keeps them consistent.
 * Invariant: a folder with a `backup.json` is a complete backup, on the disk.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { copyAsItStands } from "../../adapters/backup/copy-file.ts";
import { syncPath } from "../../adapters/files/sync-path.ts";
import { filesBelow } from "../../adapters/backup/files-below.ts";
import { whyNotRestored } from "../../adapters/backup/restore-stage.ts";
import { whyTooNew } from "../../adapters/files/data-format.ts";
import { BACKUP_STEPS, backupStepOf, type BackupStep } from "../../domain/backup/backup-order.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { BACKUP_FILE, type BackupRecord } from "../../wire/backup/backup-record.ts";

export type BackupOptions = {
  readonly dataDir: string;
  /** An empty or missing folder; the copy is in `data` below it. */
  readonly out: string;
  /** The archive belongs to its writer and is not copied, even within the data directory. */
  readonly archive: string;
  /** Dumps the database of a Temporal server outside the data directory. */
  readonly dump: () => Promise<void>;
  readonly nowMs: number;
};
export type Backup = { readonly files: number; readonly bySteps: Record<BackupStep, number> };

/** The copy's name until it is complete. */
const PARTIAL = "data.partial";

/** @throws {Error} with what is wrong; what was copied is removed then. */
export async function backUp(options: BackupOptions): Promise<Backup> {
  const { dataDir, out } = options;
  if (!existsSync(dataDir)) throw new Error(`there is no data directory ${dataDir}`);
  const unusable = whyNotRestored(dataDir) ?? whyTooNew(dataDir);
  if (unusable !== null) throw new Error(unusable);
  const partial = claim(out);
  try {
    const bySteps = await copyInOrder(options, partial);
    const copied = filesBelow(partial);
    const record: BackupRecord = {
      taken_at: new Date(options.nowMs).toISOString(),
      host: hostname(),
      data_dir: dataDir,
      files: copied.length,
      bytes: copied.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    renameSync(partial, join(out, "data"));
    syncPath(out);
    writeFileSync(join(out, BACKUP_FILE), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o640 });
    syncPath(join(out, BACKUP_FILE));
    syncPath(out);
    return { files: record.files, bySteps };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`${messageOf(error)}; what was copied to ${out} is removed`, { cause: error });
  }
}

/** Only one backup can create the folder. @throws {Error} where `out` is in use. */
function claim(out: string): string {
  const stats = statSync(out, { throwIfNoEntry: false });
  if (stats?.isDirectory() === false) throw new Error(`${out} is a file: name a new folder`);
  if (stats !== undefined && 0 < readdirSync(out).length) {
    throw new Error(`${out} is not empty: name a new folder`);
  }
  const partial = join(out, PARTIAL);
  mkdirSync(out, { recursive: true, mode: 0o750 });
  try {
    mkdirSync(partial, { mode: 0o750 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    throw new Error(`another backup to ${out} is under way: name a new folder`, { cause: error });
  }
  return partial;
}

async function copyInOrder(
  { dataDir, out, archive, dump }: BackupOptions,
  target: string,
): Promise<Record<BackupStep, number>> {
  const bySteps = { told: 0, temporal: 0, books: 0, logs: 0, ahead: 0, rest: 0 };
  const without = [archive, out]
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const isLeftOut = (folder: string) => without.includes(folder) || isBackup(folder);
  for (const step of BACKUP_STEPS) {
    if (step === "temporal") await dump();
    // Listed anew for each step, so that files created meanwhile are included.
    for (const { path } of filesBelow(dataDir, isLeftOut)) {
      if (backupStepOf(path) !== step) continue;
      if (await copyAsItStands(join(dataDir, path), join(target, path))) bySteps[step] += 1;
    }
  }
  return bySteps;
}

/** Or the rest of one that was killed. In the data directory each backup would have all earlier ones in it. */
function isBackup(folder: string): boolean {
  return existsSync(join(folder, BACKUP_FILE)) || existsSync(join(folder, PARTIAL));
}
