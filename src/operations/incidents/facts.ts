/**
 * Builds the table of facts each second, from what the watchdog's loop has read and from its own readings.
 * Invariants: nothing here waits; a fact that was reported once stays in the table, unknown where nobody reports it.
 */
import { readFileSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import {
  type Fact,
  type Facts,
  type FactTable,
  isUnknown,
  segmentOf,
} from "../../domain/incidents/facts.ts";
import { SERVICES } from "../../domain/supervision/services.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import type { WatchedState } from "./book-states.ts";
import { healthFacts, type AgedHealth } from "./health-facts.ts";
import { followProcesses } from "./process-facts.ts";

export type WatchedWorld = {
  /** The last report in health's file; null: there is none. */
  readonly health: AgedHealth | null;
  /** By book; null: asked, but no answer. */
  readonly traders: Readonly<Record<string, WatchedState | null>>;
  /** The watchdog's own facts: posture, drawdown, ... */
  readonly own: FactTable;
};

export type FactsBuilder = { facts(world: WatchedWorld): Facts; close(): void };

const NAMES_MAX = 5_000;
const DISK_EVERY_MS = 5_000;
const DISK_UNKNOWN_MS = 30_000;
const BYTES_PER_MB = 1_000_000;
const FIVE_MINUTES_MS = 5 * MS_PER_MINUTE;
/** Written once a minute, by a process that can ask Temporal. */
const TEMPORAL_FACTS_MS_MAX = 10 * MS_PER_MINUTE;

export function temporalFactsFile(dataDir: string): string {
  return join(safetyFolder(dataDir), "temporal-facts.json");
}

export function createFacts(dataDir: string): FactsBuilder {
  const beganMs = monotonicMs();
  const processes = followProcesses(dataDir, Object.values(SERVICES));
  const disk = watchDisk(dataDir);
  const pushed = countPushed();
  const ofTemporal = readTemporalFacts(temporalFactsFile(dataDir));
  const known = new Set<string>();
  return {
    facts({ health, traders, own }) {
      const reported = healthFacts(health, (monotonicMs() - beganMs) / MS_PER_SECOND);
      const values: Record<string, Fact> = {
        ...reported.values,
        ...processes.facts(),
        ...disk.facts(),
        ...pushed(reported.values),
        ...ofTemporal(),
        ...tradersIn(traders),
        ...own,
      };
      // A service that an operator stopped has not failed; an old report does not count.
      const roots = reported.roots.length === 0 ? [] : (health?.report.roots ?? []);
      for (const { kind, subject, owner, evidence } of roots) {
        if (owner !== "ours" || (kind !== "process" && kind !== "bridge")) continue;
        const name = `service.${segmentOf(subject)}`;
        if (values[`${name}.crashed`] === false && values[`${name}.runs`] === false) {
          values[`${name}.crashed`] = true;
          values[`${name}.end`] = evidence[0] ?? "its process is gone";
        }
      }
      for (const name of known) values[name] ??= { unknown: `there is no value of ${name} now` };
      for (const name of Object.keys(values)) if (known.size < NAMES_MAX) known.add(name);
      return { ...reported, values };
    },
    close: () => processes.close(),
  };
}

function tradersIn(traders: WatchedWorld["traders"]): FactTable {
  const table: Record<string, Fact> = {};
  for (const [book, status] of Object.entries(traders)) {
    const name = `trader.${segmentOf(book)}`;
    const unknown = { unknown: `the trader of ${book} does not answer` };
    table[`${name}.answers`] = status !== null;
    table[`${name}.latched`] = status?.latched.length ?? unknown;
    table[`${name}.limits`] = status?.latched.join(", ") ?? unknown;
    table[`${name}.halted`] = status?.halted ?? unknown;
    table[`${name}.equity`] = status?.equity ?? unknown;
    table[`${name}.positions`] = status?.positions ?? unknown;
    table[`${name}.state`] = status?.state ?? unknown;
  }
  return table;
}

/** A disk that does not answer is only asked again after it has answered. */
function watchDisk(dataDir: string) {
  let askedMs = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  let found: { readonly atMs: number; readonly table: FactTable } | null = null;
  const ask = async (): Promise<void> => {
    const { bavail, blocks, bsize } = await statfs(dataDir);
    found = {
      atMs: monotonicMs(),
      table: {
        "disk.data.free_mb": Math.floor((bavail * bsize) / BYTES_PER_MB),
        "disk.data.free_share": blocks === 0 ? 1 : bavail / blocks,
      },
    };
  };
  return {
    facts(): FactTable {
      const nowMs = monotonicMs();
      if (!isAsking && DISK_EVERY_MS <= nowMs - askedMs) {
        askedMs = nowMs;
        isAsking = true;
        void ask()
          .catch(() => undefined)
          .finally(() => (isAsking = false));
      }
      if (found !== null && nowMs - found.atMs <= DISK_UNKNOWN_MS) return found.table;
      const unknown = { unknown: `the disk of ${dataDir} does not answer` };
      return { "disk.data.free_mb": unknown, "disk.data.free_share": unknown };
    },
  };
}

/** Scans within the last minute and five minutes, from the bridge's own counter. */
function countPushed(): (values: FactTable) => FactTable {
  let samples: { readonly atMs: number; readonly count: number }[] = [];
  return (values) => {
    const perMinute = oneEnding(values, ".scans_per_min");
    const count = oneEnding(values, ".pushed");
    const nowMs = monotonicMs();
    if (count !== null) {
      const isReset = count < (samples.at(-1)?.count ?? 0);
      if (isReset) samples = [];
      const lastMs = samples.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
      if (MS_PER_SECOND * 5 <= nowMs - lastMs) samples.push({ atMs: nowMs, count });
      while (1 < samples.length && FIVE_MINUTES_MS < nowMs - (samples[1]?.atMs ?? nowMs)) {
        samples.shift();
      }
    }
    const first = samples[0];
    const isLong = first !== undefined && FIVE_MINUTES_MS <= nowMs - first.atMs;
    const unknown = { unknown: "the bridge's count is not known for long enough" };
    return {
      "feed.scan.files_1m": perMinute ?? unknown,
      "feed.scan.files_5m": isLong && count !== null ? count - first.count : unknown,
    };
  };
}

function oneEnding(values: FactTable, end: string): number | null {
  const name = Object.keys(values).find((one) => one.startsWith("service.") && one.endsWith(end));
  const fact = name === undefined ? undefined : values[name];
  return typeof fact === "number" && !isUnknown(fact) ? fact : null;
}

/** Read again when the file was written again. */
function readTemporalFacts(file: string): () => FactTable {
  let writtenMs = 0;
  let readMs = 0;
  let table: FactTable = {};
  return () => {
    try {
      const { mtimeMs } = statSync(file);
      if (mtimeMs !== writtenMs) {
        table = plainFacts(JSON.parse(readFileSync(file, "utf8")));
        writtenMs = mtimeMs;
        readMs = monotonicMs();
      }
    } catch {
      return table;
    }
    if (monotonicMs() - readMs <= TEMPORAL_FACTS_MS_MAX) return table;
    const unknown = { unknown: "nobody has asked Temporal for ten minutes" };
    return Object.fromEntries(Object.keys(table).map((name) => [name, unknown]));
  };
}

function plainFacts(value: unknown): FactTable {
  if (typeof value !== "object" || value === null) return {};
  const table: Record<string, Fact> = {};
  for (const [name, fact] of Object.entries(value)) {
    if (typeof fact === "number" || typeof fact === "string" || typeof fact === "boolean") {
      table[name] = fact;
    }
  }
  return table;
}
