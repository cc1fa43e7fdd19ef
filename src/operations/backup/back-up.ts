/**
 * Backs up a data directory and Temporal's database while they are in use, in the order that keeps them consistent.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { copyAsItStands } from "../../adapters/backup/copy-file.ts";
import { BACKUP_STEPS, backupStepOf, type BackupStep } from "../../domain/backup/backup-order.ts";

export type BackupOptions = {
  readonly dataDir: string;
  /** An empty or missing folder; the copy is in `data` below it. */
  readonly out: string;
  /** The archive belongs to its writer and is not copied, even within the data directory. */
  readonly archive: string;
  /** Dumps the database of a Temporal server outside the data directory. */
  readonly dump: () => Promise<void>;
};
export type Backup = { readonly files: number; readonly bySteps: Record<BackupStep, number> };

export async function backUp(options: BackupOptions): Promise<Backup> {
  const { dataDir, out, archive } = options;
  if (!existsSync(dataDir)) throw new Error(`there is no data directory ${dataDir}`);
  if (existsSync(out) && 0 < readdirSync(out).length) {
    throw new Error(`${out} is not empty: name a new folder`);
  }
  const target = join(out, "data");
  mkdirSync(target, { recursive: true, mode: 0o750 });
  const bySteps: Record<BackupStep, number> = {
    told: 0,
    temporal: 0,
    books: 0,
    logs: 0,
    ahead: 0,
    rest: 0,
  };
  for (const step of BACKUP_STEPS) {
    if (step === "temporal") await options.dump();
    // Listed anew for each step, so that files created meanwhile are included.
    for (const path of filesIn(dataDir, [archive, out])) {
      if (backupStepOf(path) !== step) continue;
      if (copyAsItStands(join(dataDir, path), join(target, path))) bySteps[step] += 1;
    }
  }
  const files = Object.values(bySteps).reduce((sum, count) => sum + count, 0);
  return { files, bySteps };
}

/** Paths relative to `root`, with `/`; links and sockets are skipped. */
function filesIn(root: string, without: readonly string[]): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (without.includes(path)) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join("/"));
    }
  };
  visit(root);
  return found;
}
