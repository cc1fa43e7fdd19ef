/**
 * `dolphin install systemd`, `supervisord`: writes the files that keep this checkout's stack running, and says how to
 * enable them.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import {
  type DeploymentWorld,
  temporalFolder,
} from "../../domain/deployment/deployed-processes.ts";
import { supervisordFolder, supervisordText } from "../../domain/deployment/supervisord-conf.ts";
import { systemdFiles } from "../../domain/deployment/systemd-files.ts";
import {
  hiddenFromUnits,
  unfitForSupervisord,
  unfitForSystemd,
} from "../../domain/deployment/unfit-paths.ts";
import { messageOf } from "../../domain/failure.ts";
import { CliError, EXIT_CONFIGURATION, EXIT_USAGE, openConfiguration } from "../context.ts";
import { deploymentWorld } from "./deployment-world.ts";
import { supervisordSteps, systemdSteps } from "./steps.ts";
import { folderOf, leftOver, writeFiles } from "./write-files.ts";

const HELP = `
Writes files into DIR (for supervisord also its folder in the data directory), changes nothing else, and prints the commands
that enable them. The same configuration gives the same files: run it again after changing dolphin.yaml, the place of the
checkout, or the layers in use. Units that it wrote earlier and that are no longer in use are removed from DIR, and it names
those that are still installed.

Exit status:
  0   written
  1   a file cannot be written
  78  bad configuration, or a checkout that is not set up`;

type SystemdFlags = {
  readonly out: string;
  readonly user: boolean;
  readonly runAs: string;
  readonly servers: boolean;
};

export function addInstallCommand(program: Command): void {
  const install = program
    .command("install")
    .description("files for systemd or supervisord that run the stack of this checkout");
  addSystemd(install);
  addSupervisord(install);
}

function addSystemd(install: Command): void {
  install
    .command("systemd")
    .description(
      "units for the servers, one worker per layer, watchdog, dashboard, and a target for all",
    )
    .requiredOption("--out <dir>", "the folder for the files")
    .option("--user", "units for 'systemctl --user' instead of the system manager", false)
    .option("--run-as <name>", "the user that system units run as", "dolphin")
    .option("--no-servers", "leave out Temporal and Hazelcast, which run elsewhere")
    .addHelpText("after", HELP)
    .action((flags: SystemdFlags, command: Command) => {
      if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(flags.runAs) || flags.runAs === "root") {
        throw new CliError(
          `--run-as was ${flags.runAs}; give a user of this machine that is not root`,
          EXIT_USAGE,
        );
      }
      const world = deploymentWorld(openConfiguration(command), flags);
      refuse(unfitForSystemd(world));
      const manager = flags.user ? "user" : "system";
      const files = systemdFiles(world, { manager, runAs: flags.runAs });
      const out = folderOf(flags.out);
      writeFiles(out, files);
      for (const name of leftOver(out, files)) rmSync(join(out, name), { recursive: true });
      const installed =
        manager === "system" ? "/etc/systemd/system" : join(homedir(), ".config/systemd/user");
      const hidden = hiddenFromUnits(world);
      const steps = systemdSteps({
        out,
        manager,
        unused: leftOver(installed, files),
        world,
        hidden,
      });
      process.stdout.write(`${steps.join("\n")}\n`);
    });
}

function addSupervisord(install: Command): void {
  install
    .command("supervisord")
    .description("one configuration file with the same processes, as the group dolphin:*")
    .requiredOption("--out <dir>", "the folder for the file")
    .option("--no-servers", "leave out Temporal and Hazelcast, which run elsewhere")
    .addHelpText("after", HELP)
    .action((flags: Pick<SystemdFlags, "out" | "servers">, command: Command) => {
      const world = deploymentWorld(openConfiguration(command), flags);
      refuse(unfitForSupervisord(world));
      makeFolders(world);
      const out = folderOf(flags.out);
      writeFiles(out, [{ file: SUPERVISORD_FILE, text: supervisordText(world) }]);
      process.stdout.write(`${supervisordSteps(join(out, SUPERVISORD_FILE)).join("\n")}\n`);
    });
}

const SUPERVISORD_FILE = "dolphin-supervisord.conf";

/** @throws {CliError} with what cannot be written down. */
function refuse(unfit: string | null): void {
  if (unfit !== null) throw new CliError(unfit, EXIT_CONFIGURATION);
}

/** Created before anybody else can create them or listen there. @throws {CliError} */
function makeFolders(world: DeploymentWorld): void {
  const folder = supervisordFolder(world);
  try {
    mkdirSync(world.dataDir, { recursive: true, mode: 0o750 });
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o700);
    if (world.servers !== null) mkdirSync(temporalFolder(world), { recursive: true, mode: 0o750 });
  } catch (error) {
    throw new CliError(
      `cannot prepare ${world.dataDir}: ${messageOf(error)}; run it as the user that supervisord will run as, or give data_dir to that user`,
    );
  }
}
