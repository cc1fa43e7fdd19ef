/**
 * Facts about the services' processes from the machine itself: their ends from the worker's log, memory and CPU from
 * the kernel. Needs neither Temporal nor Hazelcast nor health.
 */
import { join } from "node:path";
import { type Fact, type FactTable, segmentOf } from "../../domain/incidents/facts.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { followFile } from "../../adapters/files/log-files.ts";
import { isProcessAlive, processUsage } from "../../adapters/process/process-facts.ts";
import { readRunFile } from "../../adapters/process/run-file.ts";
import { createUsageWindow } from "../../adapters/process/usage-window.ts";
import { readLifeLine } from "../../wire/facts/life-lines.ts";

/** Ends that were not requested: everything but a stop, and an end without an error. */
const CRASH = /^(?:exit code [1-9]|killed by|no beat|no process|no message|not ready)|memory/;
/** A crash is shown at least this long, and until the next life has lasted as long. */
const SHOWN_MS = 10_000;
const USAGE_EVERY_MS = 5_000;
const BYTES_PER_MB = 1_048_576;

type Seen = {
  readonly usage: ReturnType<typeof createUsageWindow>;
  pid: number | null;
  crash: { readonly why: string; readonly atMs: number } | null;
};

export function followProcesses(dataDir: string, specs: readonly ServiceSpec[]) {
  const log = followFile(join(dataDir, "logs", "worker.log"), "end");
  const services = new Map(specs.map((spec) => [spec.name, blank()]));
  const workers = followWorkers(join(dataDir, "run"), specs);
  let usedMs = Number.NEGATIVE_INFINITY;
  return {
    facts(): FactTable {
      const nowMs = monotonicMs();
      hear(log.poll(), services, nowMs);
      if (USAGE_EVERY_MS <= nowMs - usedMs) {
        usedMs = nowMs;
        for (const [name, seen] of services) poll({ dataDir, name, nowMs }, seen);
      }
      const ofServices = specs.flatMap((spec) => factsOf(spec, services, nowMs));
      return { ...Object.fromEntries(ofServices), ...workers() };
    },
    close: () => log.close(),
  };
}

/**
 * Workers, by the run files of their services that name them; each under the first layer of which it was seen to run a
 * service. A worker that is stopped removes its name from the files: one that is named, is gone, and was seen alive has
 * ended by itself. Every layer has a fact, so that a loss that nothing shows any more is over and not unknown.
 */
function followWorkers(runFolder: string, specs: readonly ServiceSpec[]): () => FactTable {
  let lived: ReadonlySet<string> = new Set();
  /** While another worker takes over, its name replaces that of the lost one in the run files of the first layer. */
  let layerOf: ReadonlyMap<string, string> = new Map();
  /** Includes services that the next worker has not started yet: the consequences of a loss last until then. */
  const everKept = new Map(specs.map(({ layer }) => [layerFact(layer), new Set<string>()]));
  return () => {
    const keepers = keepersIn(runFolder, specs, layerOf);
    layerOf = new Map([...keepers].map(([key, { layer }]) => [key, layer]));
    const lost = [...keepers].filter(([key, { isAlive }]) => !isAlive && lived.has(key));
    const alive = [...keepers].filter(([, { isAlive }]) => isAlive);
    lived = new Set([...alive, ...lost].map(([key]) => key));
    for (const { layer, keeps } of keepers.values()) {
      for (const name of keeps) everKept.get(layerFact(layer))?.add(name);
    }
    // While one is gone, another may run part of its services: the loss is what counts.
    const gone = new Set(lost.map(([, { layer }]) => layerFact(layer)));
    const facts = [...everKept].flatMap(([name, kept]): [string, Fact][] => [
      [`${name}.lost`, gone.has(name)],
      [`${name}.keeps`, [...kept].join(", ")],
    ]);
    return Object.fromEntries(facts);
  };
}

function layerFact(layer: string): string {
  return `worker_process.${segmentOf(layer)}`;
}

type FoundKeeper = { readonly layer: string; readonly isAlive: boolean; readonly keeps: string[] };

function keepersIn(
  runFolder: string,
  specs: readonly ServiceSpec[],
  layerOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, FoundKeeper> {
  const keepers = new Map<string, FoundKeeper>();
  for (const { name, layer } of specs) {
    const keeper = readRunFile(runFolder, name)?.keeper;
    if (keeper === undefined) continue;
    const key = `${keeper.pid} ${keeper.started_ticks}`;
    const found = keepers.get(key) ?? {
      layer: layerOf.get(key) ?? layer,
      isAlive: isProcessAlive(keeper.pid, keeper.started_ticks),
      keeps: [],
    };
    found.keeps.push(name);
    keepers.set(key, found);
  }
  return keepers;
}

function blank(): Seen {
  return { usage: createUsageWindow(), pid: null, crash: null };
}

function hear(lines: readonly string[], services: ReadonlyMap<string, Seen>, atMs: number): void {
  for (const line of lines) {
    const life = readLifeLine(messageIn(line));
    const seen = life === null ? undefined : services.get(life.service);
    if (life?.kind === "ended" && seen !== undefined && CRASH.test(life.why)) {
      seen.crash = { why: life.why, atMs };
    }
  }
}

function messageIn(line: string): string {
  try {
    const { msg }: { msg?: unknown } = Object(JSON.parse(line));
    return typeof msg === "string" ? msg : "";
  } catch {
    return "";
  }
}

type At = { readonly dataDir: string; readonly name: string; readonly nowMs: number };

function poll({ dataDir, name, nowMs }: At, seen: Seen): void {
  const run = readRunFile(join(dataDir, "run"), name);
  const isAlive = run !== null && isProcessAlive(run.pid, run.started_ticks);
  seen.pid = isAlive ? run.pid : null;
  seen.usage.add(isAlive ? processUsage(run.pid) : null, nowMs, false);
  const isOver = seen.crash !== null && SHOWN_MS <= nowMs - seen.crash.atMs;
  if (isOver && isAlive) seen.crash = null;
}

function factsOf(
  spec: ServiceSpec,
  services: ReadonlyMap<string, Seen>,
  nowMs: number,
): readonly (readonly [string, Fact])[] {
  const seen = services.get(spec.name) ?? blank();
  const name = `service.${segmentOf(spec.name)}`;
  const rss = seen.usage.rssBytes();
  const cpu = seen.usage.judgedCpuPercent();
  const end =
    seen.crash === null
      ? "none"
      : `${seen.crash.why}, ${Math.round((nowMs - seen.crash.atMs) / MS_PER_SECOND)} s ago`;
  return [
    [`${name}.crashed`, seen.crash !== null],
    [`${name}.end`, end],
    [`${name}.runs`, seen.pid !== null],
    [`${name}.rss_warn_mb`, Math.round(spec.rssWarnBytes / BYTES_PER_MB)],
    [`${name}.cpu_alert_percent`, spec.cpuAlertPercent],
    ...(rss === null ? [] : [[`${name}.rss_mb`, Math.round(rss / BYTES_PER_MB)] as const]),
    ...(cpu === null ? [] : [[`${name}.cpu_percent`, Math.round(cpu * 10) / 10] as const]),
  ];
}
