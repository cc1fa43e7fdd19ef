/** What every verb needs: the configuration, and where the servers are. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { isProcessAlive } from "../adapters/process/process-facts.ts";
import { loadConfig } from "../config.ts";
import type { Config, LoadedConfig } from "../config.ts";
import { UpFile } from "../wire/up-file.ts";

export const EXIT_USAGE = 64;
export const EXIT_FENCED = 76;
export const EXIT_CONFIGURATION = 78;

export type CliContext = {
  readonly loaded: LoadedConfig;
  /** Effective: the addresses of a running `dolphin up` stand where only defaults did. */
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
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Reads the global options of `command`; `flags` are configuration keys that its own options set. */
export function openContext(
  command: Command,
  flags: Readonly<Record<string, unknown>> = {},
): CliContext {
  const options = command.optsWithGlobals<{ config?: string; dataDir?: string }>();
  const loaded = loadConfig({
    env: process.env,
    cwd: process.cwd(),
    file: options.config,
    flags: { data_dir: options.dataDir, ...flags },
  });
  const up = readRunningUp(loaded.config.data_dir);
  const explicit = process.env["TEMPORAL_ADDRESS"] || process.env["TEMPORAL_PROFILE"];
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

/** Null where there is none, or none that can be read. */
export function readUpFile(dataDir: string): UpFile | null {
  let text: string;
  try {
    text = readFileSync(join(dataDir, "up.json"), "utf8");
  } catch {
    return null;
  }
  try {
    return UpFile.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function withAddressesOf(up: UpFile, { config, origins }: LoadedConfig): Config {
  const byDefault = (key: string) => origins.get(key) === "default";
  return {
    ...config,
    archive: byDefault("archive") ? up.archive : config.archive,
    hazelcast: {
      ...config.hazelcast,
      address: byDefault("hazelcast.address") ? up.hazelcast : config.hazelcast.address,
      cluster: byDefault("hazelcast.cluster") ? up.cluster : config.hazelcast.cluster,
    },
  };
}
