/** What the real sensors and the real verdicts report about a system with given faults: only the facts are modelled. */
import type { HealthSample, ServiceSample } from "../../../src/domain/health/sample.ts";
import { feedTable, missedFeeds } from "../../../src/domain/health/feeds.ts";
import { healthGraph } from "../../../src/domain/health/graph.ts";
import { senseCoherence } from "../../../src/domain/health/sensors/coherence.ts";
import {
  queueSays,
  type ServerObservation,
  senseControlPlane,
  serverSays,
} from "../../../src/domain/health/sensors/control-plane.ts";
import {
  type FeedObservation,
  feedSampleOf,
  senseDataAges,
} from "../../../src/domain/health/sensors/data-ages.ts";
import { senseHeartbeats } from "../../../src/domain/health/sensors/heartbeats.ts";
import { senseProcesses } from "../../../src/domain/health/sensors/processes.ts";
import { SERVICES, type ServiceSpec } from "../../../src/domain/supervision/services.ts";
import { verdict, type Verdict, type WorkFacts } from "../../../src/domain/supervision/verdict.ts";

export type Fault =
  | { readonly kind: "dead" | "frozen" | "fatal" | "stopped"; readonly service: string }
  | { readonly kind: "worker"; readonly layer: string }
  | {
      readonly kind:
        | "hazelcast"
        | "temporal"
        | "mount-hung"
        | "mount-missing"
        | "upstream"
        | "stuck"
        | "disk"
        | "clock"
        | "processor";
    };

/** As they are declared by default: GREEN is for who wants it. */
export const WANTED = Object.values(SERVICES).filter(({ autostart }) => autostart);
const FEEDS = feedTable(WANTED, { posture: "trader" }).filter(({ writer }) => writer !== null);
export const GRAPH = healthGraph(Object.values(SERVICES), FEEDS);
const LAYERS = [...new Set(WANTED.map(({ layer }) => layer))];

export const FAULTS: readonly Fault[] = [
  ...WANTED.flatMap(({ name: service }) =>
    (["dead", "frozen", "fatal", "stopped"] as const).map((kind) => ({ kind, service })),
  ),
  ...LAYERS.map((layer) => ({ kind: "worker", layer }) as const),
  ...(
    [
      "hazelcast",
      "temporal",
      "mount-hung",
      "mount-missing",
      "upstream",
      "stuck",
      "disk",
      "clock",
      "processor",
    ] as const
  ).map((kind) => ({ kind })),
];

export function faultName(fault: Fault): string {
  if ("service" in fault) return `${fault.service} ${fault.kind}`;
  return "layer" in fault ? `worker of ${fault.layer}` : fault.kind;
}

export function sampleWith(faults: readonly Fault[]): HealthSample {
  const world = worldOf(faults);
  const services = Object.values(SERVICES).map((spec) => serviceIn(world, spec));
  const servers = { hazelcast: world.observe("hazelcast"), temporal: world.observe("temporal") };
  const queues = LAYERS.map((layer) => ({
    layer,
    pollers: world.has("temporal") ? null : world.hasWorker(layer) ? 2 : 0,
  }));
  const isWanted = (name: string) => services.some((one) => one.name === name && one.isWanted);
  const feeds = missedFeeds(FEEDS, isWanted).map((spec) => feedIn(world, spec));
  const archive = world.isHeard("scan-bridge") ? world.archive : "unknown";
  return {
    atUs: 0,
    sensors: {
      m1_proc: senseProcesses(services),
      m2_heartbeat: senseHeartbeats(services),
      m3_data_freshness: senseDataAges(feeds),
      m4_control_plane: senseControlPlane({ ...servers, queues }),
      m5_coherence: senseCoherence({
        atUs: 0,
        scan: { kind: "nothing" },
        before: null,
        posture: { kind: "nothing" },
        books: [],
        heartbeats: [],
        clockStepS: world.has("clock") ? -3_600 : 0,
      }),
    },
    services,
    dependencies: {
      archive,
      hazelcast: world.has("hazelcast") ? "down" : "ok",
      temporal: world.has("temporal") ? "down" : "ok",
      disk: world.has("disk") ? "error" : "ok",
      clock: world.has("clock") ? "error" : "ok",
      processor: world.has("processor") ? "error" : "ok",
      ...Object.fromEntries(
        queues.map(({ layer, pollers }) => [
          `worker:${layer}`,
          pollers === null ? "unknown" : pollers === 0 ? "down" : "ok",
        ]),
      ),
    },
    said: {
      hazelcast: serverSays("hazelcast", servers.hazelcast),
      temporal: serverSays("temporal", servers.temporal),
      disk: "1 MB free",
      clock: "this machine's clock was set back by 60 min",
      ...Object.fromEntries(queues.map((queue) => [`worker:${queue.layer}`, queueSays(queue)])),
    },
    feeds: feeds.map(feedSampleOf),
  };
}

type World = ReturnType<typeof worldOf>;

function worldOf(faults: readonly Fault[]) {
  const has = (kind: Fault["kind"], of?: string) =>
    faults.some(
      (fault) =>
        fault.kind === kind &&
        (of === undefined ||
          ("service" in fault && fault.service === of) ||
          ("layer" in fault && fault.layer === of)),
    );
  const hasWorker = (layer: string) => !has("worker", layer);
  const isGone = (service: string) =>
    (["dead", "fatal", "stopped"] as const).some((kind) => has(kind, service)) ||
    WANTED.some(({ name, layer }) => name === service && !hasWorker(layer));
  const isMountAway = has("mount-hung") || has("mount-missing");
  return {
    has,
    hasWorker,
    isGone,
    archive: has("mount-hung") ? "hung" : has("mount-missing") ? "missing" : "ok",
    /** It has a process whose facts reach us. */
    isHeard: (service: string) => !isGone(service) && !(has("temporal") && has("hazelcast")),
    bridgeWorks: !isGone("scan-bridge") && !has("frozen", "scan-bridge") && !has("stuck"),
    scansCome: !has("upstream") && !isMountAway,
    observe: (server: "hazelcast" | "temporal"): ServerObservation =>
      has(server) ? { kind: "silent", sinceS: 12, why: null } : { kind: "answered", ms: 2 },
  } as const;
}

function serviceIn(world: World, spec: ServiceSpec): ServiceSample {
  const { name } = spec;
  const isWanted = spec.autostart && !world.has("stopped", name);
  if (!isWanted) {
    const stopped = "stopped by an operator";
    const stoppedVerdict: Verdict = {
      word: "Stopped",
      cause: "none",
      action: "none",
      reason: stopped,
    };
    return {
      name,
      isWanted,
      phase: "stopped",
      verdict: stoppedVerdict,
      restarts: 0,
      beatAgeS: null,
    };
  }
  if (world.has("fatal", name) && !world.has("temporal")) {
    const reason = "3 restarts in 10 minutes; the next try is in 5 min";
    const fatal: Verdict = { word: "FATAL", cause: "process", action: "alert", reason };
    return { name, isWanted, phase: "fatal", verdict: fatal, restarts: 3, beatAgeS: 300 };
  }
  const isGone = world.isGone(name);
  const isHeard = world.isHeard(name);
  const silentS = world.has("frozen", name) && isHeard ? 45 : 0;
  const found = verdict(
    {
      phase: isGone ? "absent" : "running",
      silentS,
      rssBytes: 100e6,
      cpuPercent: 1,
      facts: isHeard ? factsIn(world, name) : null,
      dependenciesOkS: 3_600,
    },
    spec,
  );
  const phase = isGone ? "absent" : "running";
  const beatAgeS = isGone ? 120 : isHeard ? silentS : null;
  return { name, isWanted, phase, verdict: found, restarts: 0, beatAgeS };
}

function factsIn(world: World, name: string): WorkFacts {
  const hazelcast = world.has("hazelcast") ? "down" : "ok";
  const isFlowing = world.scansCome && world.bridgeWorks && hazelcast === "ok";
  const scans = { name: "scans", ageS: isFlowing ? 2 : 200, budgetS: 30 };
  switch (name) {
    case "scan-bridge": {
      const oldestS = world.has("stuck") ? 90 : null;
      return {
        dependencies: { archive: world.archive, hazelcast },
        inputs: [{ ...scans, ageS: world.scansCome ? 2 : 200, lookedAgeS: 1 }],
        queue: { waiting: oldestS === null ? 0 : 5, oldestS, progressS: oldestS ?? 1 },
      };
    }
    case "bookkeeper":
      return {
        dependencies: { temporal: world.has("temporal") ? "down" : "ok" },
        inputs: [{ name: "projection", ageS: 1, budgetS: 60 }],
        queue: null,
      };
    case "health":
      return {
        dependencies: { temporal: world.has("temporal") ? "down" : "ok", hazelcast },
        inputs: [{ name: "samples", ageS: 1, budgetS: 15 }],
        queue: null,
      };
    default: {
      const bridge = world.bridgeWorks ? "ok" : "down";
      const dependencies = { hazelcast, "scan-bridge": bridge } as const;
      return { dependencies, inputs: [scans], queue: null };
    }
  }
}

function feedIn(world: World, spec: (typeof FEEDS)[number]): FeedObservation {
  const writer = spec.writer ?? "";
  const isWritten = !world.isGone(writer) && !world.has("frozen", writer);
  const isFed = spec.name === "safety" || (world.scansCome && world.bridgeWorks);
  const ageS = isWritten && isFed && !world.has("clock") ? 1 : 3_600;
  return {
    ...spec,
    asOfAgeS: ageS,
    pushedAgeS: ageS,
    unknown: world.has("hazelcast") ? "Hazelcast does not answer" : null,
    unreadable: null,
  };
}
