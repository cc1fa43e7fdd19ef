/** Before anything starts: one `up` a data directory, nothing left of an earlier one, ports, tools. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ScanJournal } from "../../adapters/journal/scan-journal.ts";
import { ConfigError } from "../../config.ts";
import type { Config, LoadedConfig } from "../../config.ts";
import { choosePorts } from "../../embedded/ports/choose-ports.ts";
import { lockDirectory } from "../../adapters/directory-lock.ts";
import type { DirectoryLock } from "../../adapters/directory-lock.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { endStaleProcesses } from "../../embedded/stale-processes.ts";
import { findToolchain } from "../../embedded/toolchain.ts";
import type { Toolchain } from "../../embedded/toolchain.ts";
import { writeEffectiveConfig } from "../../embedded/state/up-state.ts";
import { CliError, readUpFile } from "../context.ts";

export type Prepared = {
  /** Effective: ports chosen, addresses of the embedded servers. */
  readonly config: Config;
  readonly tools: Toolchain;
  readonly lock: DirectoryLock;
  /** Names of what an earlier `up` had left running. */
  readonly ended: readonly string[];
};

export async function prepareUp(loaded: LoadedConfig, autoPorts: boolean): Promise<Prepared> {
  const { config } = loaded;
  const tools = findToolchain();
  const wanted = portsOf(loaded);
  const lock = lockDirectory(config.data_dir);
  if (lock === null) throw new CliError(heldBy(config.data_dir));
  const ended = await endStaleProcesses(config.data_dir, readUpFile(config.data_dir));
  const ports = await choosePorts(wanted, autoPorts);
  const effective: Config = {
    ...config,
    ports,
    hazelcast: { ...config.hazelcast, address: `${LOOPBACK}:${ports.hazelcast}` },
  };
  writeEffectiveConfig(effective);
  return { config: effective, tools, lock, ended };
}

export type JournalTotals = {
  readonly lastSeq: number;
  /** Files with a verdict: pushed, duplicate, quarantined. */
  readonly filesTaken: number;
};

/** Zeros before the bridge's first start, or where its journal can't be read. */
export function journalTotals(config: Config): JournalTotals {
  const none = { lastSeq: 0, filesTaken: 0 };
  const path = join(config.data_dir, "journal", "scan-bridge.db");
  if (!existsSync(path)) return none;
  try {
    const journal = new ScanJournal(path, { readonly: true });
    try {
      const { pushed, duplicates, quarantined } = journal.counts();
      return { lastSeq: journal.lastSeq(), filesTaken: pushed + duplicates + quarantined };
    } finally {
      journal.close();
    }
  } catch {
    return none;
  }
}

/** `hazelcast.address` may choose the port of the embedded member, but no other machine. */
function portsOf({ config, origins }: LoadedConfig): Config["ports"] {
  if (origins.get("hazelcast.address") === "default") return config.ports;
  const [host = "", port = ""] = config.hazelcast.address.split(":");
  if (host !== LOOPBACK && host !== "localhost") {
    throw new ConfigError(
      `hazelcast.address is ${config.hazelcast.address}, but 'dolphin up' runs its own member on ` +
        `${LOOPBACK}; drop the key, or run 'dolphin worker scan' against that cluster instead`,
    );
  }
  return { ...config.ports, hazelcast: Number(port) };
}

function heldBy(dataDir: string): string {
  const up = readUpFile(dataDir);
  const holder = up === null ? "another process" : `pid ${up.pid}, since ${up.started_at}`;
  return (
    `a 'dolphin up' already runs on ${dataDir} (${holder}); ` +
    "stop it, or give this one a --data-dir of its own"
  );
}
