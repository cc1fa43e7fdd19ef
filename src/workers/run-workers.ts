/**
 * The worker process: one worker per layer, and one keeper for all their services. Invariant: no service is started
 * before Temporal has answered, and none is left when it ends.
 */
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NativeConnection } from "@temporalio/worker";
import type { Worker, WorkerOptions } from "@temporalio/worker";
import { createArchiveActivities } from "../activities/archive.ts";
import { createBacktestActivities } from "../activities/backtest.ts";
import { createForewarnActivities } from "../activities/forewarn.ts";
import { createIngestActivities } from "../activities/ingest-scans.ts";
import { createSupervisionActivities } from "../activities/supervision.ts";
import { everySteadily } from "../adapters/process/steady-timer.ts";
import { createLogger } from "../adapters/logger.ts";
import type { Logger } from "../adapters/logger.ts";
import { createKeeper } from "../operations/keeper/keeper.ts";
import type { Keeper } from "../operations/keeper/keeper.ts";
import { createHoldNotes } from "../operations/keeper/hold-notes.ts";
import { compactHeapLater } from "../adapters/process/compact-heap.ts";
import type { ServiceLaunch } from "../adapters/process/service-process.ts";
import {
  describeServiceRun,
  orphanSigns,
  reportToSupervisor,
  supervisorMode,
} from "../adapters/run-view.ts";
import {
  connectTemporal,
  hasSearchAttributes,
  temporalAnswers,
} from "../adapters/temporal-client.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import { type Config, ConfigError } from "../config.ts";
import { isOnLoopback } from "../domain/loopback.ts";
import type { Layer, ServiceSpec } from "../domain/supervision/services.ts";
import { whyStopOrphan } from "../domain/supervision/hold/orphan.ts";
import { restartPolicyOf } from "../wire/configuration.ts";
import { taskQueueOf } from "../workflows/names.ts";
import { tradingActivities } from "./trading-layer.ts";
import {
  directoryIdentity,
  type PlaceWorld,
  rememberPolls,
  whyNotHere,
  workerIdentity,
  yieldToOther,
} from "../operations/declared/one-place.ts";
import { pollsOn } from "../adapters/temporal/task-queues.ts";
import { mirrorIncidents } from "../operations/incidents/mirror-incidents.ts";
import { healthActivities } from "./health-layer.ts";
import { indicatorsLayer } from "./indicators-layer.ts";
import { archiveWorld, ingestWorld } from "./archive-world.ts";
import { backtestWorld } from "./backtest-world.ts";
import { forewarnWorld } from "./forewarn/forewarn-world.ts";
import { workersOfOneThread } from "./layer-worker.ts";
import { serviceCommand } from "./service-command.ts";
import { keepSupervisors } from "./keep-supervisors.ts";
import { type MetricsOptions, serveMetrics } from "./metrics/serve-metrics.ts";
import { releaseHolds } from "./supervision/release-holds.ts";
import { serveOneTemporal } from "./supervision/serve-one-temporal.ts";
import { installRuntime } from "./worker-runtime.ts";
import { loadWorkflowBundle } from "./workflow-bundle.ts";

export type WorkersOptions = {
  readonly layers: readonly Layer[];
  readonly config: Config;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  /** The environment of the services. */
  readonly env: ServiceLaunch["env"];
  /** Undefined: Temporal's own environment configuration applies. */
  readonly temporalAddress?: string | undefined;
  /** Absent: no metrics. */
  readonly metrics?: Pick<MetricsOptions, "port" | "reader"> & {
    /** A free port for the metrics of Temporal's SDK, which are added to ours. */
    readonly sdkPort: number;
  };
  readonly say: (line: string) => void;
};

const CONNECT_BACKOFF_MS = { first: 100, max: 1_000 };
const HEARTBEAT_THROTTLE_MS = 1_000;
/** How long a workflow task waits for a killed worker before another one takes it (default 10 s). */
const STICKY_MS = 1_000;
/** Added to a service's own stop time: SIGKILL, reaping, the last answer to the server. */
const FORCE_MARGIN_MS = 15_000;
const WORKFLOWS_CACHED_MAX = 100;
const MS_PER_S = 1_000;
/** Longer than Temporal's memory of a worker that ended. */
const PLACE_PATIENCE_MS = 90_000;
/** Identifies this process, whatever its layer. */
const IDENTITY = `@${hostname()}#${process.pid}`;

/** Runs until SIGTERM or SIGINT; resolves when every service has been stopped. */
export async function runWorkers(options: WorkersOptions): Promise<void> {
  const { config, layers, say } = options;
  const log = openLog(config);
  const tell = (line: string): void => {
    log.info(line);
    say(line);
  };
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => stop.abort());
  }
  installRuntime(log, options.metrics?.sdkPort ?? null);
  const temporal = connectTemporal(options.temporalAddress);
  const metrics = tellMetrics(options, tell);
  const connection = await connectPatiently(temporal, { tell, isStopped: stop.signal });
  if (connection === null) return;
  const places = placesOf(options, temporal, { tell, stop: stop.signal });
  const served = await serveOneTemporal(config, temporal, tell);
  const refusal = await whyNotHere(places);
  if (refusal !== null) throw new ConfigError(refusal);
  const runFolder = runFolderOf(config);
  // Beside the start of the workers: what follows from it waits for them at the server.
  const releasing = releaseHolds({ temporal, runFolder, tell, stop: stop.signal });
  const keeper = openKeeper(options, temporal, log);
  const indicators = indicatorsLayer({ ...options, temporal });
  const mirror = layers.includes("health") ? mirrorIncidents(temporal, config.data_dir) : null;
  const supervisors = keepSupervisors({
    temporal,
    config,
    specs: servicesOf(options),
    keeper,
    tell,
  });
  try {
    const code = await loadWorkflowBundle(tell);
    const workers = await createWorkers(options, {
      connection,
      namespace: temporal.address.namespace,
      workflowBundle: { code },
      activities: {
        ...createSupervisionActivities(worldOf(options, temporal, { keeper, log })),
        ...tradingActivities({ ...options, temporal }),
        ...createArchiveActivities(archiveWorld(config, temporal)),
        ...createIngestActivities(ingestWorld(options.env)),
        ...createBacktestActivities(backtestWorld(config, temporal)),
        ...createForewarnActivities(forewarnWorld(config, temporal)),
        ...healthActivities(config, temporal),
        ...indicators.activities,
      },
    });
    for (const layer of layers) tell(servesLine(layer, options.services));
    await runAll(workers, { stop: stop.signal, yields: yieldToOther(places) });
    tell("all workers have stopped");
  } catch (error) {
    log.error({ err: error instanceof Error ? error.stack : String(error) }, "a worker failed");
    throw error;
  } finally {
    await mirror?.stop();
    await metrics?.stop();
    await supervisors.stop();
    await keeper.stopAll("its worker shuts down");
    await releasing;
    await indicators.close();
    await connection.close();
    await temporal.close();
    served.release();
    log.close();
  }
}

function openLog({ data_dir, log }: Config): Logger {
  return createLogger({
    file: join(data_dir, "logs", "worker.log"),
    name: "worker",
    level: log.level,
    rotateMb: log.rotate_mb,
    rotateFiles: log.rotate_files,
  });
}

function placesOf(
  { config, layers }: WorkersOptions,
  temporal: TemporalClient,
  about: Pick<PlaceWorld, "tell" | "stop">,
): PlaceWorld {
  return {
    ...about,
    layers,
    place: directoryIdentity(config.data_dir),
    patienceMs: PLACE_PATIENCE_MS,
    doBooksMove: config.journal.postgres_secret_url !== null,
    pollsOn: (layer) => pollsOn(temporal.reads, layer),
    memory: rememberPolls(),
  };
}

function tellMetrics({ metrics, config }: WorkersOptions, say: (line: string) => void) {
  if (metrics === undefined) return null;
  const sdkUrl = `http://127.0.0.1:${metrics.sdkPort}/metrics`;
  return serveMetrics({ ...metrics, dataDir: config.data_dir, sdkUrl, say });
}

function createWorkers(
  options: WorkersOptions,
  shared: Pick<WorkerOptions, "connection" | "namespace" | "workflowBundle" | "activities">,
): Promise<Worker[]> {
  const LayerWorker = workersOfOneThread();
  return Promise.all(
    options.layers.map((layer) =>
      LayerWorker.create({
        ...shared,
        taskQueue: taskQueueOf(layer),
        identity: identityOf(options, layer),
        maxCachedWorkflows: WORKFLOWS_CACHED_MAX,
        // More would slow each other down, and none would finish.
        ...(layer === "batch"
          ? { maxConcurrentActivityTaskExecutions: availableParallelism() }
          : {}),
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
        stickyQueueScheduleToStartTimeout: STICKY_MS,
        // Services are stopped at once, within their own stop times.
        shutdownGraceTime: 0,
        shutdownForceTime: longestStopMs(options) + FORCE_MARGIN_MS,
      }),
    ),
  );
}

/** All end together: by the signal, or because one of them failed. */
async function runAll(
  workers: readonly Worker[],
  { stop, yields }: { readonly stop: AbortSignal; readonly yields: Promise<string> },
): Promise<void> {
  const shutDown = (): void => {
    for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
  };
  const runs = workers.map((worker) => worker.run());
  compactHeapLater();
  if (stop.aborted) shutDown();
  stop.addEventListener("abort", shutDown, { once: true });
  try {
    const why = await Promise.race([...runs, yields]);
    if (typeof why === "string") throw new Error(why);
  } finally {
    shutDown();
    await Promise.allSettled(runs);
  }
  await Promise.all(runs);
}

/** Waits for a server that is not up yet; null when the process was stopped meanwhile. */
async function connectPatiently(
  temporal: TemporalClient,
  about: { readonly tell: (line: string) => void; readonly isStopped: AbortSignal },
): Promise<NativeConnection | null> {
  const { address, options } = temporal.address;
  let waitMs = CONNECT_BACKOFF_MS.first;
  for (let tries = 1; !about.isStopped.aborted; tries += 1) {
    try {
      if (await temporalAnswers(temporal)) {
        return await NativeConnection.connect({ ...options, ...compressionFor(address) });
      }
    } catch (error) {
      about.tell(`Temporal at ${address}: ${String(error)}`);
    }
    if (tries === 1) about.tell(`Temporal at ${address} does not answer; trying until it does`);
    await delay(waitMs, undefined, { signal: about.isStopped }).catch(() => undefined);
    waitMs = Math.min(2 * waitMs, CONNECT_BACKOFF_MS.max);
  }
  return null;
}

/**
 * On this machine nothing is saved by it, and it costs a quarter of the processor's time of Temporal's core: 380 KB of
 * memory are taken, cleared and given back for each call.
 */
function compressionFor(address: string): { grpcCompression?: { codec: "none" } } {
  return isOnLoopback(address) ? { grpcCompression: { codec: "none" } } : {};
}

function openKeeper(options: WorkersOptions, temporal: TemporalClient, log: Logger): Keeper {
  const { config, env } = options;
  return createKeeper({
    policy: restartPolicyOf(config),
    healthCheckMs: config.supervision.health_check_s * MS_PER_S,
    runFolder: runFolderOf(config),
    commandOf: (spec) =>
      serviceCommand(spec, {
        env: { ...env, ...temporalFor(spec, temporal) },
        logFolder: join(config.data_dir, "logs"),
      }),
    temporalAnswers: () => temporalAnswers(temporal),
    modeOf: (service) => supervisorMode(temporal, service),
    whyStopOrphan: (service) =>
      orphanSigns(temporal, service, (identity) => identity.endsWith(IDENTITY)).then(
        whyStopOrphan,
        () => null,
      ),
    log: (level, text) => log[level](`[Keeper] ${text}`),
  });
}

/** Only a service that needs Temporal gets the address of this worker's server. */
function temporalFor({ ties }: ServiceSpec, { address }: TemporalClient): ServiceLaunch["env"] {
  if (!("temporal" in ties.needs)) return {};
  return { TEMPORAL_ADDRESS: address.address, TEMPORAL_NAMESPACE: address.namespace };
}

function worldOf(
  options: WorkersOptions,
  temporal: TemporalClient,
  { keeper, log }: { readonly keeper: Keeper; readonly log: Logger },
) {
  const { supervision } = options.config;
  return {
    services: options.services,
    keeper,
    noteHold: createHoldNotes({
      runFolder: runFolderOf(options.config),
      identityOf: ({ layer }) => identityOf(options, layer),
      warn: (text) => log.warn(`[Keeper] ${text}`),
    }),
    policy: restartPolicyOf(options.config),
    newsMs: supervision.news_s * MS_PER_S,
    healthCheckMs: supervision.health_check_s * MS_PER_S,
    everySteadily,
    hasSearchAttributes: () => hasSearchAttributes(temporal),
    describeRun: (service: string) => describeServiceRun(temporal, service),
    report: (service: string, report: Parameters<typeof reportToSupervisor>[2]) =>
      reportToSupervisor(temporal, service, report),
  };
}

function identityOf({ config }: WorkersOptions, layer: Layer): string {
  return workerIdentity(layer, directoryIdentity(config.data_dir), IDENTITY);
}

function runFolderOf({ data_dir }: Config): string {
  return join(data_dir, "run");
}

function longestStopMs({ services }: WorkersOptions): number {
  return Math.max(0, ...Object.values(services).map((spec) => spec.stopWaitSeconds * MS_PER_S));
}

function servicesOf({ layers, services }: WorkersOptions): readonly ServiceSpec[] {
  return Object.values(services).filter((spec) => layers.includes(spec.layer));
}

function servesLine(layer: Layer, services: WorkersOptions["services"]): string {
  const names = Object.values(services)
    .filter((spec) => spec.layer === layer)
    .map((spec) => spec.name);
  const what = names.length === 0 ? "no services yet" : names.join(", ");
  return `layer ${layer}: task queue ${taskQueueOf(layer)}, ${what}`;
}
