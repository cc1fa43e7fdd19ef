/**
 * The whole stack of `dolphin up`: real servers, workers with their services, and with --demo the
 * simulator. It is the only supervisor of servers and workers.
 */
import { join } from "node:path";
import { isProcessAlive, signalGroup } from "../adapters/process/process-facts.ts";
import { readRunFile } from "../adapters/process/run-file.ts";
import type { Config } from "../config.ts";
import { MS_PER_SECOND } from "../domain/time.ts";
import type { RestartPolicy } from "../domain/supervision/restart-policy.ts";
import { LAYERS, SERVICES, SERVICE_NAMES } from "../domain/supervision/services.ts";
import type { UpService } from "../wire/up-file.ts";
import { startDolphinChild } from "./dolphin-child.ts";
import type { ChildWorld } from "./dolphin-child.ts";
import { startHazelcastMember } from "./hazelcast-member.ts";
import { answerOf, keepProcess } from "./kept-process.ts";
import type { Answer, KeptDeps, KeptProcess, KeptSpec } from "./kept-process.ts";
import { watchScans } from "./scan-watch.ts";
import type { ScanWatch } from "./scan-watch.ts";
import { probeTemporal, startTemporalServer } from "./temporal-server.ts";
import type { Toolchain } from "./toolchain.ts";
import { createWorkerProbe } from "./worker-probe.ts";

export type StackOptions = {
  /** Effective: ports chosen, paths absolute. */
  readonly config: Config;
  readonly tools: Toolchain;
  readonly world: ChildWorld;
  readonly demo: boolean;
  /** The bridge's last seq of before this start. */
  readonly baseSeq: number;
  readonly onEvent: KeptDeps["onEvent"];
};
export type Stack = {
  readonly watch: ScanWatch;
  /** Servers, worker and simulator, in the order in which they are stopped. */
  readonly kept: readonly KeptProcess[];
  /** Everything that runs, services included. */
  services(): Readonly<Record<string, UpService>>;
  stopSimulator(): Promise<void>;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** At once; for the second Ctrl-C. */
  kill(): void;
};

/** A worker stops its services first, each within its own stop time. */
const WORKER_GRACE_SECONDS = 14;
const SIMULATOR_GRACE_SECONDS = 2;
/** Long enough for a server that was merely stopped for some seconds to come back by itself. */
const SERVER_SILENT_MS_MAX = 30_000;
/** A worker may have to build its workflows first. */
const WORKER_SILENT_MS_MAX = 60_000;

/** Rejects, with nothing left running, when a server or the worker does not start. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, demo, onEvent } = options;
  const deps: KeptDeps = { policy: policyFrom(config), onEvent };
  const kept: KeptProcess[] = [];
  const keep = async (spec: KeptSpec) => {
    const process = await keepProcess(spec, deps);
    kept.push(process);
    return process;
  };
  let watch: ScanWatch | null = null;
  const workerProbe = createWorkerProbe(options.world.temporal);
  const probeHazelcast = async (): Promise<Answer> => {
    const asked = watch;
    return asked === null ? "unknown" : answerOf(() => asked.probe());
  };
  // The worker needs Temporal only: its services wait for Hazelcast by themselves.
  const workers = keep(temporalSpec(options)).then(() =>
    keep({ ...workerSpec(options), probe: () => workerProbe.probe() }),
  );
  const watching = keep({ ...hazelcastSpec(options), probe: probeHazelcast }).then(async () => {
    const { hazelcast } = config;
    const { address, cluster, deadline_ms: deadlineMs } = hazelcast;
    watch = await watchScans({ address, cluster, deadlineMs, baseSeq: options.baseSeq });
    return watch;
  });
  try {
    await Promise.allSettled([workers, watching]);
    await workers;
    const scans = await watching;
    const simulator = demo ? await keep(simulatorSpec(options)) : null;
    const close = async () => {
      await Promise.all([scans.close(), workerProbe.close()]);
    };
    return stackOf({ watch: scans, kept, simulator, dataDir: config.data_dir, close });
  } catch (error) {
    await workerProbe.close();
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
  close(): Promise<void>;
}): Stack {
  const { watch, kept, simulator, dataDir } = parts;
  const order = stopOrder(kept);
  const services = () => ({ ...keptServices(kept), ...runServices(dataDir) });
  return {
    watch,
    kept: order,
    services,
    async stopSimulator() {
      await simulator?.stop();
    },
    async stop() {
      await parts.close();
      for (const process of order) await process.stop();
    },
    kill() {
      // A service leads a process group of its own, which its worker's death does not end at once.
      const alone = Object.values(services()).filter((service) => service.guard_pid === null);
      for (const process of order) process.kill();
      for (const { pid } of alone) signalGroup(pid, "SIGKILL");
    },
  };
}

const STOP_ORDER = ["simulator", "worker", "hazelcast", "temporal"];

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
      }),
    probe: () => answerOf(() => probeTemporal(world.temporal, world.namespace)),
    silentMsMax: SERVER_SILENT_MS_MAX,
  };
}

function hazelcastSpec({ config, tools }: StackOptions): Omit<KeptSpec, "probe"> {
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
        logFile: log,
      }),
    silentMsMax: SERVER_SILENT_MS_MAX,
  };
}

function workerSpec({ config, world }: StackOptions): Omit<KeptSpec, "probe"> {
  const specs = Object.values(SERVICES);
  // The batch layer has schedules, and no service.
  const layers = LAYERS.filter(
    (layer) => layer === "batch" || specs.some((spec) => spec.layer === layer),
  );
  return {
    name: "worker",
    log: logFile(config, "worker"),
    start: () =>
      startDolphinChild(world, {
        args: ["worker", ...layers],
        logFile: outFile(config, "worker"),
        graceSeconds: WORKER_GRACE_SECONDS,
      }),
    silentMsMax: WORKER_SILENT_MS_MAX,
  };
}

function simulatorSpec({ config, world }: StackOptions): KeptSpec {
  const { assets, rate, seed, backlog } = config.simulator;
  const log = logFile(config, "simulator");
  const args = ["--out", config.archive, "--assets", assets, "--rate", rate, "--seed", seed];
  // It goes on where the backlog ended, with the correlations of its last scans.
  args.push("--skip", backlog, "--first-number", backlog + 1);
  return {
    name: "simulator",
    log,
    start: () =>
      startDolphinChild(world, {
        args: ["simulate", ...args.map(String)],
        logFile: log,
        graceSeconds: SIMULATOR_GRACE_SECONDS,
      }),
    probe: null,
    silentMsMax: Infinity,
  };
}

/** The logs that programs write through descriptors which they inherited: `up` must bound them. */
export function rawLogsOf(config: Config): readonly string[] {
  return [
    logFile(config, "temporal"),
    logFile(config, "hazelcast"),
    logFile(config, "simulator"),
    outFile(config, "worker"),
  ];
}

function logFile(config: Config, name: string): string {
  return join(config.data_dir, "logs", `${name}.log`);
}

function outFile(config: Config, name: string): string {
  return join(config.data_dir, "logs", `${name}.out`);
}

function policyFrom({ supervision }: Config): RestartPolicy {
  return {
    restartsMax: supervision.restarts_max,
    windowMs: supervision.window_s * MS_PER_SECOND,
    delaysMs: supervision.delays_s.map((seconds) => seconds * MS_PER_SECOND),
    fatalRetryMs: supervision.fatal_retry_s * MS_PER_SECOND,
  };
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
