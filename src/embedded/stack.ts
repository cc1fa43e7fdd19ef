/**
 * The whole stack of `dolphin up`: real servers, workers with their services, and with --demo the simulator. It is
 * the only supervisor of servers and workers.
 */
import { join } from "node:path";
import { isProcessAlive, signalGroup } from "../adapters/process/process-facts.ts";
import { readRunFile } from "../adapters/process/run-file.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../domain/failure.ts";
import { layersInUse } from "../domain/supervision/declared/schedules.ts";
import { relentless } from "../domain/supervision/restart-policy.ts";
import { SERVICE_NAMES } from "../domain/supervision/services.ts";
import { askOwnWatchdog } from "../operations/safety/ask-watchdog.ts";
import { restartPolicyOf } from "../wire/configuration.ts";
import { WATCHDOG } from "../wire/safety/safety-control.ts";
import type { UpService } from "../wire/up-file.ts";
import { DASHBOARD, dashboardSpec } from "./dashboard/dashboard-spec.ts";
import { startDolphinChild } from "./dolphin-child.ts";
import type { ChildWorld } from "./dolphin-child.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { startHazelcastMember } from "./hazelcast-member.ts";
import { answerOf, keepProcess } from "./kept-process.ts";
import type { ProbeResult } from "../adapters/process/process-silence.ts";
import type { KeptDeps, KeptProcess, KeptSpec } from "./kept-process.ts";
import { watchScans } from "./scan-watch.ts";
import type { ScanWatch } from "./scan-watch.ts";
import { createConfigKeeper } from "./state/up-state.ts";
import { probeTemporal, startTemporalServer } from "./temporal-server.ts";
import type { Toolchain } from "./toolchain.ts";
import { untilReady } from "./until-ready.ts";
import { createWorkerProbe } from "./worker-probe.ts";

/** The simulated venues of a demo. */
export type SimulatedVenuesSpec = { readonly port: number; readonly symbols: readonly string[] };

export type StackOptions = {
  /** Effective: with chosen ports and absolute paths. */
  readonly config: Config;
  readonly tools: Toolchain;
  readonly world: ChildWorld;
  readonly demo: boolean;
  /** Null or absent: none. */
  readonly venues?: SimulatedVenuesSpec | null;
  /** The bridge's last seq before this start. */
  readonly baseSeq: number;
  readonly onEvent: KeptDeps["onEvent"];
  /** Scans that are written to the archive before the simulator continues. */
  readonly past?: Promise<void>;
  /** Called once, as soon as Temporal answers. */
  readonly onTemporal?: () => void;
};
export type Stack = {
  readonly watch: ScanWatch;
  /** Servers, worker and simulator, in stop order. */
  readonly kept: readonly KeptProcess[];
  /** Everything that runs, services included. */
  services(): Readonly<Record<string, UpService>>;
  /** The dashboard's address; null while it does not answer. */
  dashboardUrl(): string | null;
  stopSimulator(): Promise<void>;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** At once; for the second Ctrl-C. */
  kill(): void;
};

/** A worker stops its services first, each within its own stop time. */
const WORKER_GRACE_SECONDS = 14;
const SIMULATOR_GRACE_SECONDS = 2;
const VENUES = "venues";
/** Of a demo: Java's second compiler pays after hours; without it a start takes 1.2 s of CPU less, and 8 MB. */
const FIRST_COMPILER = "-XX:TieredStopAtLevel=1";
/** Long enough for a server that was merely paused for some seconds to come back by itself. */
const SERVER_SILENT_MS_MAX = 30_000;
/** The watchdog decides how much may be risked, so it must not be missing for long. */
const WATCHDOG_SILENT_MS_MAX = 10_000;
/**
 * Thirty seconds without the watchdog stop entries, and ten minutes close positions: no restart budget applies to it.
 */
const WATCHDOG_DELAY_MS_MAX = 5_000;
const WATCHDOG_READY_MS_MAX = 60_000;
const WATCHDOG_ANSWER_MS = 2_000;
const WATCHDOG_GRACE_SECONDS = 3;
const DASHBOARD_GRACE_SECONDS = 3;
/** A worker may have to build its workflows first. */
const WORKER_SILENT_MS_MAX = 60_000;

/** Rejects, with nothing left running, when a server or the worker does not start. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, demo, onEvent } = options;
  const deps: KeptDeps = { policy: restartPolicyOf(config), onEvent };
  const kept: KeptProcess[] = [];
  const keep = async (spec: KeptSpec, by = deps) => {
    const process = await keepProcess(spec, by);
    kept.push(process);
    return process;
  };
  let watch: ScanWatch | null = null;
  const workerProbe = createWorkerProbe(options.world.temporal, options.world.namespace);
  const probeHazelcast = async (): Promise<ProbeResult> => {
    const asked = watch;
    return asked === null ? "unknown" : answerOf(() => asked.probe());
  };
  // The worker waits for Temporal by itself, its services for Hazelcast: all load in parallel.
  const temporal = keep(temporalSpec(options)).then(() => options.onTemporal?.());
  const worker = keep({ ...workerSpec(options), probe: () => workerProbe.probe() });
  const venues = options.venues == null ? null : keep(venuesSpec(options, options.venues));
  // It needs none of them, and should observe their start.
  const soon = { ...deps, policy: relentless(deps.policy, WATCHDOG_DELAY_MS_MAX) };
  const watchdog = config.safety.watchdog ? keep(watchdogSpec(options), soon) : null;
  // Nothing waits for the dashboard, and everything works without it.
  const dashboard = viewOf(options);
  const viewing = keep(dashboard.spec, { ...deps, probeEveryMs: dashboard.probeEveryMs }).catch(
    (error: unknown) => onEvent("warn", `no dashboard: ${messageOf(error)}`),
  );
  const watching = keep({ ...hazelcastSpec(options), probe: probeHazelcast }).then(async () => {
    const { deadline_ms: deadlineMs } = config.hazelcast;
    watch = await watchScans({
      ...config.hazelcast,
      deadlineMs,
      baseSeq: options.baseSeq,
      onTrouble: (line) => onEvent("warn", line),
    });
    return watch;
  });
  try {
    const { past } = options;
    await Promise.allSettled([temporal, worker, venues, watchdog, past, watching, viewing]);
    await Promise.all([temporal, worker, venues, watchdog, past]);
    const scans = await watching;
    const simulator = demo ? await keep(simulatorSpec(options)) : null;
    const close = async () => {
      // A connection that cannot be closed must not prevent stopping the processes.
      workerProbe.close();
      await scans.close().catch(() => undefined);
    };
    const dashboardUrl = () => dashboard.url();
    const parts = { watch: scans, kept, simulator, dashboardUrl, close };
    return stackOf({ ...parts, dataDir: config.data_dir });
  } catch (error) {
    workerProbe.close();
    await (await watching.catch(() => null))?.close();
    for (const process of stopOrder(kept)) await process.stop();
    throw error;
  }
}

function stackOf(parts: {
  readonly watch: ScanWatch;
  readonly kept: readonly KeptProcess[];
  readonly simulator: KeptProcess | null;
  readonly dataDir: string;
  dashboardUrl(): string | null;
  close(): Promise<void>;
}): Stack {
  const { watch, kept, simulator, dataDir } = parts;
  const order = stopOrder(kept);
  const services = () => ({ ...keptServices(kept), ...runServices(dataDir) });
  return {
    watch,
    kept: order,
    services,
    dashboardUrl: () => parts.dashboardUrl(),
    async stopSimulator() {
      await simulator?.stop();
    },
    async stop() {
      await parts.close();
      // One that can't be stopped must not prevent the others.
      const failures: unknown[] = [];
      for (const process of order) {
        await process.stop().catch((error: unknown) => failures.push(error));
      }
      if (0 < failures.length) throw failures[0];
    },
    kill() {
      // A service has its own process group, so its worker's death does not end it at once.
      const alone = Object.values(services()).filter((service) => service.guard_pid === null);
      for (const process of order) process.kill();
      for (const { pid } of alone) signalGroup(pid, "SIGKILL");
    },
  };
}

const STOP_ORDER = ["simulator", DASHBOARD, "worker", VENUES, WATCHDOG, "hazelcast", "temporal"];

function stopOrder(kept: readonly KeptProcess[]): readonly KeptProcess[] {
  return kept.toSorted((a, b) => STOP_ORDER.indexOf(a.name) - STOP_ORDER.indexOf(b.name));
}

function temporalSpec({ config, tools, world }: StackOptions): KeptSpec {
  const log = logFile(config, "temporal");
  return {
    name: "temporal",
    log,
    start: () =>
      startTemporalServer({
        binary: tools.temporal,
        port: config.ports.temporal,
        uiPort: config.ports.temporal_ui,
        dbFile: join(config.data_dir, "temporal", "temporal.db"),
        logFile: log,
        namespace: world.namespace,
        retentionH: config.temporal.retention_h,
      }),
    probe: () => answerOf(() => probeTemporal(world.temporal, world.namespace)),
    silentMsMax: SERVER_SILENT_MS_MAX,
  };
}

function hazelcastSpec({ config, tools, demo }: StackOptions): Omit<KeptSpec, "probe"> {
  const log = logFile(config, "hazelcast");
  return {
    name: "hazelcast",
    log,
    start: () =>
      startHazelcastMember({
        javaBin: tools.java,
        jar: tools.hazelcast,
        port: config.ports.hazelcast,
        cluster: config.hazelcast.cluster,
        heapMb: config.hazelcast.heap_mb,
        properties: demo ? [FIRST_COMPILER] : [],
        logFile: log,
      }),
    silentMsMax: SERVER_SILENT_MS_MAX,
  };
}

function workerSpec({ config, world }: StackOptions): Omit<KeptSpec, "probe"> {
  return {
    name: "worker",
    log: logFile(config, "worker"),
    start: () =>
      startConfigured(config, world, {
        args: ["worker", ...layersInUse(config)],
        logFile: outFile(config, "worker"),
        graceSeconds: WORKER_GRACE_SECONDS,
      }),
    silentMsMax: WORKER_SILENT_MS_MAX,
  };
}

function watchdogSpec({ config, world }: StackOptions): KeptSpec {
  const log = logFile(config, WATCHDOG);
  let ownPid = 0;
  // An answer of another watchdog says nothing about ours.
  const ask = () => askOwnWatchdog(config.data_dir, ownPid, { withinMs: WATCHDOG_ANSWER_MS });
  return {
    name: WATCHDOG,
    log,
    async start() {
      const child = { args: [WATCHDOG], logFile: log, graceSeconds: WATCHDOG_GRACE_SECONDS };
      const process = await startConfigured(config, world, child);
      ownPid = process.pid;
      const withinMs = WATCHDOG_READY_MS_MAX;
      await untilReady({ name: WATCHDOG, process, logFile: log, withinMs, probe: ask });
      return process;
    },
    probe: () => answerOf(ask),
    silentMsMax: WATCHDOG_SILENT_MS_MAX,
  };
}

function viewOf({ config, world }: StackOptions) {
  const log = logFile(config, DASHBOARD);
  const child = { args: [DASHBOARD], logFile: log, graceSeconds: DASHBOARD_GRACE_SECONDS };
  const start = () => startConfigured(config, world, child);
  return dashboardSpec({ port: config.ports.dashboard, log, start });
}

function simulatorSpec({ config, world }: StackOptions): KeptSpec {
  const { assets, rate, seed, backlog } = config.simulator;
  const log = logFile(config, "simulator");
  const args = ["--out", config.archive, "--assets", assets, "--rate", rate, "--seed", seed];
  // It continues after the backlog, with the correlations of its last scans.
  args.push("--skip", backlog, "--first-number", backlog + 1);
  return {
    name: "simulator",
    log,
    start: () =>
      startConfigured(config, world, {
        args: ["simulate", ...args.map(String)],
        logFile: log,
        graceSeconds: SIMULATOR_GRACE_SECONDS,
      }),
    probe: null,
    silentMsMax: Infinity,
  };
}

/** Its prices are those of the simulator's scans. */
function venuesSpec(
  { config, world }: StackOptions,
  { port, symbols }: SimulatedVenuesSpec,
): KeptSpec {
  const log = logFile(config, VENUES);
  const args = ["--port", String(port), "--symbols", symbols.join(","), "--follow", config.archive];
  return {
    name: VENUES,
    log,
    start: () =>
      startConfigured(config, world, {
        args: ["simulate", "feeds", ...args],
        logFile: log,
        graceSeconds: SIMULATOR_GRACE_SECONDS,
      }),
    probe: null,
    silentMsMax: Infinity,
  };
}

/** Its configuration is written first, in case the file was changed since the last start. */
async function startConfigured(
  config: Config,
  ...[world, child]: Parameters<typeof startDolphinChild>
): Promise<GuardedProcess> {
  createConfigKeeper(config).keep();
  return startDolphinChild(world, child);
}

/** Logs that programs write through inherited descriptors, whose size `up` has to limit. */
export function rawLogsOf(config: Config): readonly string[] {
  return [
    logFile(config, "temporal"),
    logFile(config, "hazelcast"),
    logFile(config, "simulator"),
    logFile(config, VENUES),
    logFile(config, WATCHDOG),
    logFile(config, DASHBOARD),
    outFile(config, "worker"),
  ];
}

function logFile(config: Config, name: string): string {
  return join(config.data_dir, "logs", `${name}.log`);
}

function outFile(config: Config, name: string): string {
  return join(config.data_dir, "logs", `${name}.out`);
}

function keptServices(kept: readonly KeptProcess[]): Record<string, UpService> {
  const entries = kept.flatMap((each) => {
    const process = each.process();
    if (process === null) return [];
    const { pid, guardPid, startedTicks } = process;
    const service: UpService = {
      pid,
      started_ticks: startedTicks,
      guard_pid: guardPid,
      log: each.log,
    };
    return [[each.name, service] as const];
  });
  return Object.fromEntries(entries);
}

function runServices(dataDir: string): Record<string, UpService> {
  const entries = SERVICE_NAMES.flatMap((name) => {
    const run = readRunFile(join(dataDir, "run"), name);
    if (run === null || !isProcessAlive(run.pid, run.started_ticks)) return [];
    const log = join(dataDir, "logs", `${name}.log`);
    const { pid, started_ticks } = run;
    return [[name, { pid, started_ticks, guard_pid: null, log }] as const];
  });
  return Object.fromEntries(entries);
}
