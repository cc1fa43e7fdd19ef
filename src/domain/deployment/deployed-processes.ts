/**
 * The processes of a deployed stack, described once: systemd units, supervisord's programs and `dolphin doctor` are
 * generated from this. Invariant: exactly one actor restarts each process. Supervised services are not in the list,
 * because their supervisors restart them through the worker of their layer.
 */
import type { Layer } from "../supervision/services.ts";

export type ProcessLimits = {
  /** Limits for the process and its descendants: a worker's include its services. */
  readonly memoryMaxMib: number;
  /** Percent of one core. */
  readonly cpuMaxPercent: number;
  /** Processes and threads together. */
  readonly tasksMax: number;
};

export type DeployedProcess = {
  /** Such as `worker-scan`. */
  readonly name: string;
  /** The layer of a worker; null for all others. */
  readonly layer: Layer | null;
  readonly about: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The processes of this stack that are started before it. It waits by itself for one that does not answer yet. */
  readonly after: readonly string[];
  /** Folders only: everything that it may write, apart from its own temporary folder. */
  readonly writes: readonly string[];
  /** Whether it connects to anything but loopback. */
  readonly goesOutside: boolean;
  readonly limits: ProcessLimits;
  readonly restartSeconds: number;
  /** Time between SIGTERM and SIGKILL, in seconds. */
  readonly stopSeconds: number;
  /** `once`: it does its work and ends. */
  readonly life: "stays" | "once";
};

export type DeploymentWorld = {
  /** Absolute, as every path here. */
  readonly checkout: string;
  readonly dataDir: string;
  readonly archive: string;
  readonly configFile: string | null;
  /** Command lines of the servers; null: they run elsewhere. */
  readonly servers: {
    readonly temporal: readonly string[];
    readonly hazelcast: readonly string[];
  } | null;
  /** host:port for the workers; null: their own environment provides it. */
  readonly temporalAddress: string | null;
  readonly hazelcastAddress: string;
  readonly layers: readonly Layer[];
  /** Files that the configuration names as secrets. */
  readonly secretFiles: readonly string[];
  /** Names of the processes that connect beyond loopback whatever the servers' addresses. */
  readonly outside: readonly string[];
};

/**
 * Measured by `npm run bench:units`, the highest peaks of the control groups so far in MB, and tasks: worker trader 352
 * and 40, scan 335 and 31, health 327 and 29, batch 330 and 18, Temporal 121 and 9, Hazelcast 148 and 51 with a heap
 * that may grow to 512, dashboard 81 and 7, watchdog 50 and 11. The limits are about three times that or more, so that a
 * backlog, a sweep or a day of scans stays below; the largest is the first generation's 2 GB. CPU use was far below one
 * core.
 */
const LIMITS: Readonly<Record<string, ProcessLimits>> = {
  temporal: limits(1_024, 64),
  hazelcast: limits(1_536, 128),
  watchdog: limits(384, 64),
  dashboard: limits(512, 64),
  create: limits(512, 64),
  "worker-trader": limits(2_048, 192),
  "worker-scan": limits(1_536, 128),
  "worker-indicators": limits(1_024, 96),
  "worker-health": limits(1_024, 128),
  "worker-batch": limits(2_048, 192),
};

function limits(memoryMaxMib: number, tasksMax: number): ProcessLimits {
  return { memoryMaxMib, cpuMaxPercent: 200, tasksMax };
}

/** In start order. */
export function deployedProcesses(world: DeploymentWorld): readonly DeployedProcess[] {
  return [
    ...serverProcesses(world),
    dolphin(world, {
      name: "watchdog",
      about: "safety watchdog: decides how much may be risked, and depends on no other process",
      args: ["watchdog"],
      // Thirty seconds without the watchdog stop entries.
      restartSeconds: 1,
      stopSeconds: 5,
      after: [],
      writes: [world.dataDir],
    }),
    ...world.layers.map((layer) => worker(world, layer)),
    dolphin(world, {
      name: "create",
      about: "search attributes, supervisors and schedules as declared",
      args: ["create"],
      after: [...SERVERS, ...world.layers.map(workerName)],
      writes: [],
      life: "once",
    }),
    dolphin(world, {
      name: "dashboard",
      about: "dashboard on loopback, on which its user can give commands",
      args: ["dashboard"],
      after: SERVERS,
      // It writes its token and audit.log, and reading a SQLite journal needs write access to the shared-memory file
      // beside it.
      writes: [world.dataDir],
    }),
  ];
}

export function workerName(layer: Layer): string {
  return `worker-${layer}`;
}

const SERVERS = ["temporal", "hazelcast"];

function serverProcesses(world: DeploymentWorld): readonly DeployedProcess[] {
  if (world.servers === null) return [];
  const { temporal, hazelcast } = world.servers;
  const common = { layer: null, environment: {}, after: [], goesOutside: false, life: "stays" };
  return [
    {
      ...common,
      name: "temporal",
      about: "Temporal with its Web UI, on a file database",
      command: temporal,
      writes: [temporalFolder(world)],
      limits: limitsOf("temporal"),
      restartSeconds: 2,
      stopSeconds: 15,
      life: "stays",
    },
    {
      ...common,
      name: "hazelcast",
      about: "Hazelcast member",
      command: hazelcast,
      writes: [],
      limits: limitsOf("hazelcast"),
      restartSeconds: 2,
      stopSeconds: 15,
      life: "stays",
    },
  ];
}

/** The folder of Temporal's database, which its server does not create. */
export function temporalFolder({ dataDir }: Pick<DeploymentWorld, "dataDir">): string {
  return `${dataDir}/temporal`;
}

function worker(world: DeploymentWorld, layer: Layer): DeployedProcess {
  return dolphin(world, {
    name: workerName(layer),
    layer,
    about: `worker of layer ${layer}, and the services that it runs`,
    args: ["worker", layer],
    after: SERVERS,
    // Compaction writes a file beside the day folders.
    writes: layer === "batch" ? [world.dataDir, world.archive] : [world.dataDir],
    // The worker's services are stopped first, each within its own stop time.
    stopSeconds: 30,
  });
}

type OwnProcess = Pick<DeployedProcess, "name" | "about" | "after" | "writes"> &
  Partial<Pick<DeployedProcess, "layer" | "restartSeconds" | "stopSeconds" | "life">> & {
    readonly args: readonly string[];
  };

function dolphin(world: DeploymentWorld, own: OwnProcess): DeployedProcess {
  const { args, ...rest } = own;
  return {
    layer: null,
    restartSeconds: 5,
    stopSeconds: 10,
    life: "stays",
    ...rest,
    command: [`${world.checkout}/bin/dolphin`, ...args],
    environment: environmentOf(world),
    goesOutside: world.outside.includes(own.name) || !isOnLoopback(world),
    limits: limitsOf(own.name),
  };
}

/** The sandbox and the process must use the same paths. */
function environmentOf(world: DeploymentWorld): Readonly<Record<string, string>> {
  return {
    ...(world.configFile === null ? {} : { DOLPHIN_CONFIG: world.configFile }),
    DOLPHIN_DATA_DIR: world.dataDir,
    DOLPHIN_ARCHIVE: world.archive,
    DOLPHIN_HAZELCAST_ADDRESS: world.hazelcastAddress,
    ...(world.temporalAddress === null ? {} : { TEMPORAL_ADDRESS: world.temporalAddress }),
  };
}

function isOnLoopback({ temporalAddress, hazelcastAddress }: DeploymentWorld): boolean {
  return [temporalAddress, hazelcastAddress].every(
    (address) => address !== null && /^(127(\.\d+){3}|localhost|\[::1\]):\d+$/.test(address),
  );
}

function limitsOf(name: string): ProcessLimits {
  return LIMITS[name] ?? limits(1_024, 128);
}
