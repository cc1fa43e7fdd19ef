/** Preparations before anything starts: one `up` per data directory, leftovers of an earlier one, ports, tools. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { undoLeftFaults } from "../../adapters/faults/injected.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { ScanJournal } from "../../adapters/scan-journal/scan-journal.ts";
import { ConfigError, valueAt } from "../../config.ts";
import type { Config, LoadedConfig } from "../../config.ts";
import { choosePorts } from "../../embedded/ports/choose-ports.ts";
import { lockDirectory } from "../../adapters/files/directory-lock.ts";
import type { DirectoryLock } from "../../adapters/files/directory-lock.ts";
import { raiseFormat } from "../../adapters/files/data-format.ts";
import { isServed } from "../../adapters/files/served-by.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { endStaleProcesses } from "../../embedded/stale-processes.ts";
import { findToolchain } from "../../embedded/toolchain.ts";
import type { Toolchain } from "../../embedded/toolchain.ts";
import { createConfigKeeper, writeOrigins } from "../../embedded/state/up-state.ts";
import type { SimulatedVenuesSpec } from "../../embedded/stack.ts";
import { demoVenues } from "./demo-venues.ts";
import { CHOSEN_BY_UP } from "../../wire/declared/origins-file.ts";
import type { UpFile } from "../../wire/up-file.ts";
import { CliError, readRunningUp, readUpFile, refuseUnusable } from "../context.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

const SERVED_MS_MAX = 30_000;
const SERVED_POLL_MS = 100;

export type Prepared = {
  /** Effective: with chosen ports and the addresses of the embedded servers. */
  readonly config: Config;
  /** Simulated venues for the demo; null: none. */
  readonly venues: SimulatedVenuesSpec | null;
  readonly tools: Toolchain;
  readonly lock: DirectoryLock;
  /** Names of leftover processes of an earlier `up`. */
  readonly ended: readonly string[];
  /** Undone faults of drills that died. */
  readonly undone: readonly string[];
};

export async function prepareUp(
  loaded: LoadedConfig,
  { autoPorts, demo }: { readonly autoPorts: boolean; readonly demo: boolean },
): Promise<Prepared> {
  const { config } = loaded;
  refuseUnusable(config.data_dir);
  // Before anything is written or ended: if the lock's file was deleted, the lock is free although its holder lives.
  if (runsBeside(config.data_dir)) throw new CliError(inUseText(config.data_dir));
  const tools = findToolchain();
  const wanted = portsOf(loaded);
  const lock = lockDirectory(config.data_dir);
  if (lock === null) throw new CliError(inUseText(config.data_dir));
  raiseFormat(config.data_dir);
  // Before a process is ended, because a frozen one would not react.
  const undone = undoLeftFaults(config.data_dir);
  const before = readUpFile(config.data_dir);
  const ended = await endStaleProcesses(config.data_dir, before);
  if (await isServedYet(config.data_dir)) throw new CliError(servedText(config.data_dir));
  const ports = await choosePorts(wanted, autoPorts ? pagePortsOf(before) : null);
  const read = demo ? await demoVenues(loaded) : { config, venues: null };
  const effective: Config = {
    ...read.config,
    ports,
    // Chosen now, and passed to the children.
    metrics: { port: null },
    hazelcast: { ...config.hazelcast, address: `${LOOPBACK}:${ports.hazelcast}` },
  };
  createConfigKeeper(effective).keep();
  writeOrigins(config.data_dir, originsOf(loaded, effective));
  return { config: effective, venues: read.venues, tools, lock, ended, undone };
}

/** What an earlier `up` left ends within seconds. */
async function isServedYet(dataDir: string): Promise<boolean> {
  const untilMs = monotonicMs() + SERVED_MS_MAX;
  while (isServed(dataDir)) {
    if (untilMs <= monotonicMs()) return true;
    await delay(SERVED_POLL_MS);
  }
  return false;
}

function servedText(dataDir: string): string {
  return (
    `workers that no 'dolphin up' started serve ${dataDir} (units, supervisord or containers): ` +
    "stop them, or give this one a --data-dir of its own"
  );
}

/** Of the pages that somebody may have open. */
function pagePortsOf(before: UpFile | null): Partial<Config["ports"]> {
  const pages = { dashboard: before?.dashboard, temporal_ui: before?.temporal_ui };
  return Object.fromEntries(
    Object.entries(pages).flatMap(([name, url]) => {
      const port = URL.canParse(url ?? "") ? Number(new URL(url ?? "").port) : 0;
      return port === 0 ? [] : [[name, port]];
    }),
  );
}

/** Values chosen at this start have no other origin. */
function originsOf({ config, origins }: LoadedConfig, effective: Config): Map<string, string> {
  return new Map(
    [...origins].map(([key, origin]) => {
      const isChosen =
        JSON.stringify(valueAt(config, key)) !== JSON.stringify(valueAt(effective, key));
      return [key, isChosen ? CHOSEN_BY_UP : origin];
    }),
  );
}

/** By pid and start time; without a start time (no /proc) the pid may belong to another process. */
function runsBeside(dataDir: string): boolean {
  const up = readRunningUp(dataDir);
  return up !== null && up.started_ticks !== null;
}

export type JournalTotals = {
  readonly lastSeq: number;
  /** Files with a verdict: pushed, duplicate, quarantined. */
  readonly filesTaken: number;
};

/** Zeros before the bridge's first start, or where its journal is unreadable. */
export function journalTotals(config: Config): JournalTotals {
  const none = { lastSeq: 0, filesTaken: 0 };
  const path = scanJournalFile(config.data_dir);
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

/** `hazelcast.address` may set the port of the embedded member, but not another machine. */
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

function inUseText(dataDir: string): string {
  const up = readUpFile(dataDir);
  const holder = up === null ? "another process" : `pid ${up.pid}, since ${up.started_at}`;
  return (
    `a 'dolphin up' already runs on ${dataDir} (${holder}); ` +
    "stop it, or give this one a --data-dir of its own"
  );
}
