/** `dolphin backup`: a copy of the data directory and of Temporal's database, taken while everything runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { backUp } from "../../operations/backup/back-up.ts";
import { messageOf } from "../../domain/failure.ts";
import { CliError, openContext } from "../context.ts";

const HELP = `
Copies to OUT/data what cannot be rebuilt: journals, books, incidents, readings, code. Each database is copied in a
consistent state. Nothing needs to be stopped. The copies are made in an order that keeps them consistent with each other:
the cursors of the outboxes, Temporal, the books' logs, the bridge's journal. The embedded Temporal server has its database
in the data directory. For a server on Postgres, --dump gives the command that dumps it; it is run at the right moment, with
OUT in BACKUP_DIR:

  dolphin backup --out nightly --dump \\
    'for db in temporal temporal_visibility; do pg_dump -Fc -f "$BACKUP_DIR/$db.dump" "$db"; done'

The scan archive is not copied. A backup is complete when OUT has a backup.json. 'dolphin restore OUT' brings it back; restore
the Postgres databases before that.

Exit status: 0: the backup is complete; 1: it is not, and the line says why`;

export function addBackupCommand(program: Command): void {
  program
    .command("backup")
    .description("copy the data directory and Temporal's database while everything runs")
    .requiredOption("--out <dir>", "the folder to create")
    .option("--dump <command>", "a shell command that dumps Temporal's Postgres into $BACKUP_DIR")
    .option("--json", "print what was copied as JSON", false)
    .addHelpText("after", HELP)
    .action(async (options: { out: string; dump?: string; json: boolean }, command: Command) => {
      const { config } = openContext(command);
      const out = resolve(options.out);
      const { data_dir: dataDir, archive } = config;
      const dump = () => runDump(options.dump, out);
      const nowMs = wallMs();
      const { files, bySteps } = await backUp({ dataDir, archive, out, dump, nowMs }).catch(
        (error: unknown) => {
          throw new CliError(`no backup: ${messageOf(error)}`);
        },
      );
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ out, files, by_step: bySteps })}\n`
          : `${files} files of ${dataDir} are in ${out}\n`,
      );
    });
}

async function runDump(command: string | undefined, out: string): Promise<void> {
  if (command === undefined) return;
  const child = spawn("/bin/sh", ["-c", command], {
    env: { ...process.env, BACKUP_DIR: out },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new Error(`--dump ended with ${String(code ?? signal)}`);
}
