/** The context of every verb: the configuration, and where the servers are. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { whyNotRestored } from "../adapters/backup/restore-stage.ts";
import { whyTooNew } from "../adapters/files/data-format.ts";
import { isTemporalSilence } from "../adapters/temporal/call-limits.ts";
import { isProcessAlive } from "../adapters/process/process-facts.ts";
import { ConfigError, loadConfig } from "../config.ts";
import type { Config, ConfigSource, LoadedConfig } from "../config.ts";
import { codeOf, messageOf } from "../domain/failure.ts";
import { EXIT_CONFIGURATION, EXIT_USAGE } from "../domain/supervision/exit-codes.ts";
import { EXIT_SERVER_SILENT } from "../domain/supervision/overall.ts";
import { CommandRefused } from "../operations/command-refused.ts";
import { UpFile } from "../wire/up-file.ts";
import { withRunningConfiguration } from "./config/running-configuration.ts";

export { operatorName } from "../adapters/process/operator-name.ts";
export { EXIT_CONFIGURATION, EXIT_USAGE };

export type CliContext = {
  readonly loaded: LoadedConfig;
  /** Effective: the addresses and the configuration of a running `dolphin up` replace defaults. */
  readonly config: Config;
  /** The running `dolphin up` on this data directory, or null. */
  readonly up: UpFile | null;
  /**
   * Address for the Temporal client, or undefined where Temporal's own environment configuration
   * decides (TEMPORAL_ADDRESS, TEMPORAL_PROFILE).
   */
  readonly temporalAddress: string | undefined;
};

/** An expected failure: one line on stderr and an exit code of the contract. */
export class CliError extends CommandRefused {
  override readonly name = "CliError";
}

/**
 * For verbs that work on a data directory. @throws {CliError} while it is restored, which ends by itself. @throws
 * {ConfigError} where only a newer release can read it.
 */
export function refuseUnusable(dataDir: string): void {
  const unfinished = whyNotRestored(dataDir);
  if (unfinished !== null) throw new CliError(unfinished);
  const tooNew = whyTooNew(dataDir);
  if (tooNew !== null) throw new ConfigError(tooNew);
}

class CannotExamine extends CliError {}

export function exitCodeOf(failure: unknown): number {
  if (failure instanceof ConfigError) return EXIT_CONFIGURATION;
  if (isTemporalSilence(failure)) return EXIT_SERVER_SILENT;
  return failure instanceof CommandRefused ? failure.exitCode : 1;
}

/** One line for the user. */
export function lineOf(failure: unknown): string {
  const message = messageOf(failure);
  if (!isTemporalSilence(failure)) return message;
  return `Temporal has stopped answering (${message}): what was asked may or may not have been done; 'dolphin status' says what runs`;
}

/** Reads the global options of `command`; `flags`: configuration keys set by the verb's own options. */
export function openContext(
  command: Command,
  flags: Readonly<Record<string, unknown>> = {},
): CliContext {
  return contextOf(sourceOf(command, flags));
}

/**
 * For verbs that only need the configuration: if the data directory is not accessible (it may be another user's), so
 * that a running `dolphin up` can't be found, that is reported and does not stop the verb.
 */
export function openConfiguration(command: Command): CliContext {
  const source = sourceOf(command, {});
  try {
    return contextOf(source);
  } catch (error) {
    if (!(error instanceof CannotExamine)) throw error;
    process.stderr.write(`${error.message}; a 'dolphin up' running there is ignored\n`);
    return contextWith(source, loadConfig(source), null);
  }
}

function sourceOf(command: Command, flags: Readonly<Record<string, unknown>>): ConfigSource {
  const options = command.optsWithGlobals<{ config?: string; dataDir?: string }>();
  return {
    env: process.env,
    cwd: process.cwd(),
    file: options.config,
    flags: { data_dir: options.dataDir, ...flags },
  };
}

/** Also used by a process that answers in place of another one: everything that matters is in its source. */
export function contextOf(source: ConfigSource): CliContext {
  const loaded = loadConfig(source);
  return contextWith(source, loaded, readRunningUp(loaded.config.data_dir));
}

function contextWith(source: ConfigSource, loaded: LoadedConfig, up: UpFile | null): CliContext {
  const explicit = source.env["TEMPORAL_ADDRESS"] || source.env["TEMPORAL_PROFILE"];
  return {
    loaded,
    config: up === null ? loaded.config : withAddressesOf(up, loaded),
    up,
    temporalAddress: explicit ? undefined : up?.temporal,
  };
}

/** `up.json` counts only while the process that wrote it runs. */
export function readRunningUp(dataDir: string): UpFile | null {
  const up = readUpFile(dataDir);
  return up !== null && isProcessAlive(up.pid, up.started_ticks) ? up : null;
}

/** A path that can't be examined may exist. @throws {CliError} for any error but a missing name. */
function orAbsent<T>(examine: () => T): T | null {
  try {
    return examine();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw new CannotExamine(`cannot look: ${messageOf(error)}`);
  }
}

export function isThere(path: string): boolean {
  return orAbsent(() => statSync(path)) !== null;
}

/** Null where there is no valid one. */
export function readUpFile(dataDir: string): UpFile | null {
  const text = orAbsent(() => readFileSync(join(dataDir, "up.json"), "utf8"));
  if (text === null) return null;
  try {
    return UpFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function withAddressesOf(up: UpFile, loaded: LoadedConfig): Config {
  const { origins } = loaded;
  const config = withRunningConfiguration(loaded);
  const byDefault = (key: string) => origins.get(key) === "default";
  return {
    ...config,
    archive: byDefault("archive") ? up.archive : config.archive,
    hazelcast: {
      ...config.hazelcast,
      address: byDefault("hazelcast.address") ? up.hazelcast : config.hazelcast.address,
      cluster: byDefault("hazelcast.cluster") ? up.cluster : config.hazelcast.cluster,
      prefix: byDefault("hazelcast.prefix") ? (up.prefix ?? null) : config.hazelcast.prefix,
    },
  };
}

/** For long-running verbs: output that can't be written is lost, and does not end the process. */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
    });
  }
}
