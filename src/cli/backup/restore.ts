/** `dolphin restore`: brings a backup back into an empty data directory. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { messageOf } from "../../domain/failure.ts";
import { restoreBackup } from "../../operations/backup/restore.ts";
import { CliError, openContext } from "../context.ts";

const HELP = `
Copies FROM/data into data_dir, which must hold no file yet, and never onto one: what is there may not fit. Refuses a backup that
was not finished, or that was not copied completely. Stop everything that uses data_dir first; with Temporal on Postgres,
restore its databases first, too. Run it as the user that DOLPHIN runs as, or chown data_dir to that user afterwards.

Exit status: 0: restored; 1: it is not, and the line says why`;

export function addRestoreCommand(program: Command): void {
  program
    .command("restore")
    .description("bring a backup back into an empty data directory")
    .argument("<from>", "a folder that 'dolphin backup' made")
    .option("--json", "print what was restored as JSON", false)
    .addHelpText("after", HELP)
    .action((from: string, { json }: { json: boolean }, command: Command) => {
      const dataDir = openContext(command).config.data_dir;
      const record = restored(resolve(from), dataDir);
      process.stdout.write(
        json
          ? `${JSON.stringify({ ...record, restored_to: dataDir })}\n`
          : `${record.files} files as of ${record.taken_at}, of ${record.data_dir} on ${record.host}, are in ${dataDir}\n`,
      );
    });
}

function restored(from: string, dataDir: string) {
  try {
    return restoreBackup(from, dataDir);
  } catch (error) {
    throw new CliError(`not restored: ${messageOf(error)}`);
  }
}
