/** What the real verdicts and the real sensors report about the simulated world. */
import { feedTable } from "../../../src/domain/health/feeds.ts";
import { healthGraph } from "../../../src/domain/health/graph.ts";
import type { HealthSample, ServiceSample } from "../../../src/domain/health/sample.ts";
import { senseCoherence } from "../../../src/domain/health/sensors/coherence.ts";
import {
  type ServerObservation,
  senseControlPlane,
} from "../../../src/domain/health/sensors/control-plane.ts";
import {
  type FeedObservation,
  feedSampleOf,
  senseDataAges,
} from "../../../src/domain/health/sensors/data-ages.ts";
import { senseHeartbeats } from "../../../src/domain/health/sensors/heartbeats.ts";
import { senseProcesses } from "../../../src/domain/health/sensors/processes.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import {
  type Observation,
  SILENT_MAX_S,
  type Verdict,
  verdict,
  type WorkFacts,
} from "../../../src/domain/supervision/verdict.ts";
import { factsOfBridge } from "../../../src/wire/facts/bridge-facts.ts";
import type { SupervisorState } from "../../../src/domain/supervision/supervisor/supervisor-state.ts";
import { type Hurt, SERVICES_HURT } from "./month-script.ts";
import type { Process, SimulatedWorld } from "./simulated-world.ts";

const SPECS = SERVICES_HURT.map((name) => SERVICES[name]);
const FEEDS = feedTable(SPECS, { posture: "trader" }).filter(({ writer }) => writer !== null);
export const GRAPH = healthGraph(SPECS, FEEDS);
const LAYERS = [...new Set(SPECS.map(({ layer }) => layer))];
const BYTES_PER_MB = 1_048_576;
const RSS_MB = 110;

export function factsOf(world: SimulatedWorld, service: Hurt): WorkFacts {
  const { nowS } = world;
  const hazelcast = world.is("hazelcast") ? "down" : "ok";
  const process = world.processes.get(service) ?? null;
  const scanS = nowS - world.pushedS;
  if (service === "bookkeeper") {
    return {
      dependencies: { temporal: world.is("temporal") ? "down" : "ok" },
      inputs: [{ name: "projection", ageS: 1, budgetS: 60 }],
      queue: null,
    };
  }
  if (service === "trader-blue" || process === null) {
    const bridge = isBeating(world, "scan-bridge") ? "ok" : "down";
    return {
      dependencies: { hazelcast, "scan-bridge": bridge },
      inputs: [{ name: "scans", ageS: scanS, budgetS: 30 }],
      queue: null,
    };
  }
  const { oldestS, settledS, listedS } = process.cursor;
  return factsOfBridge({
    archive: world.archive(),
    hazelcast,
    newestDataAgeS: scanS,
    oldestUnpushedAgeS: oldestS === null ? null : nowS - oldestS,
    settledAgeS: nowS - settledS,
    listedAgeS: nowS - listedS,
    backlog: oldestS === null ? 0 : 1,
  });
}

export function observe(
  world: SimulatedWorld,
  service: Hurt,
  dependenciesOkS: number,
): Observation {
  const process = world.processes.get(service) ?? null;
  if (process === null) {
    const nothing = { silentS: 0, rssBytes: null, cpuPercent: null, facts: null };
    return { phase: "absent", ...nothing, dependenciesOkS: 0 };
  }
  const { startSeconds, rssRestartBytes } = SERVICES[service];
  return {
    phase: world.nowS - process.startedS < startSeconds ? "starting" : "running",
    silentS: silentOf(world, process),
    rssBytes: process.hurt.leak === undefined ? RSS_MB * BYTES_PER_MB : 2 * rssRestartBytes,
    cpuPercent: null,
    facts: factsOf(world, service),
    dependenciesOkS,
  };
}

function silentOf({ nowS }: SimulatedWorld, { hurt }: Process): number {
  return hurt.freeze === undefined ? 0 : nowS - hurt.freeze;
}

function isBeating(world: SimulatedWorld, service: Hurt): boolean {
  const process = world.processes.get(service) ?? null;
  return process !== null && silentOf(world, process) < SILENT_MAX_S;
}

export type Supervised = {
  readonly state: SupervisorState;
  readonly dependenciesOkS: number;
  readonly restartsInWindow: number;
};

export function sampleOf(
  world: SimulatedWorld,
  supervised: (service: Hurt) => Supervised,
): HealthSample {
  const services = SERVICES_HURT.map((name) => serviceIn(world, name, supervised(name)));
  const serverSeen = (server: "hazelcast" | "temporal"): ServerObservation =>
    world.is(server) ? { kind: "silent", sinceS: 12, why: null } : { kind: "answered", ms: 2 };
  const servers = { hazelcast: serverSeen("hazelcast"), temporal: serverSeen("temporal") };
  const queues = LAYERS.map((layer) => ({ layer, pollers: world.is("temporal") ? null : 2 }));
  const feeds = FEEDS.map((spec) => feedIn(world, spec));
  return {
    atUs: world.nowS * 1e6,
    sensors: {
      m1_proc: senseProcesses(services),
      m2_heartbeat: senseHeartbeats(services),
      m3_data_freshness: senseDataAges(feeds),
      m4_control_plane: senseControlPlane({ ...servers, queues }),
      m5_coherence: world.isClockOff ? CLOCK_OFF : COHERENT,
    },
    services,
    dependencies: {
      archive: isBeating(world, "scan-bridge") ? world.archive() : "unknown",
      hazelcast: world.is("hazelcast") ? "down" : "ok",
      temporal: world.is("temporal") ? "down" : "ok",
      clock: world.isClockOff ? "error" : "ok",
    },
    said: {},
    feeds: feeds.map(feedSampleOf),
  };
}

function coherence(clockStepS: number) {
  const nothing = { kind: "nothing" } as const;
  const seen = { scan: nothing, before: null, posture: nothing, books: [], heartbeats: [] };
  return senseCoherence({ atUs: 0, ...seen, clockStepS });
}
const COHERENT = coherence(0);
const CLOCK_OFF = coherence(-3_600);

function serviceIn(world: SimulatedWorld, name: Hurt, supervised: Supervised): ServiceSample {
  const { state, dependenciesOkS, restartsInWindow: restarts } = supervised;
  const isWanted = state.intent === "running";
  const process = world.processes.get(name) ?? null;
  if (process === null && !isWanted) {
    const stopped: Verdict = { word: "Stopped", cause: "none", action: "none", reason: "stopped" };
    return { name, isWanted, phase: "stopped", verdict: stopped, restarts, beatAgeS: null };
  }
  if (process === null && state.step.kind === "fatal") {
    const fatal = {
      word: "FATAL",
      cause: "process",
      action: "alert",
      reason: state.reason,
    } as const;
    return { name, isWanted, phase: "fatal", verdict: fatal, restarts, beatAgeS: 300 };
  }
  const seen = observe(world, name, dependenciesOkS);
  // Neither a run nor a heartbeat tells what it says of its work.
  const isHeard = !(world.is("temporal") && world.is("hazelcast"));
  const facts = isHeard ? seen.facts : null;
  const found = verdict({ ...seen, facts }, SERVICES[name]);
  const beatAgeS = process === null ? 120 : isHeard ? seen.silentS : null;
  return { name, isWanted, phase: seen.phase, verdict: found, restarts, beatAgeS };
}

function feedIn(world: SimulatedWorld, spec: (typeof FEEDS)[number]): FeedObservation {
  const scanS = world.nowS - world.pushedS;
  const writer = SERVICES_HURT.find((name) => name === spec.writer) ?? "scan-bridge";
  const ageS = spec.name === "safety" ? (isBeating(world, writer) ? 1 : 3_600) : scanS;
  return {
    ...spec,
    asOfAgeS: ageS,
    pushedAgeS: ageS,
    unknown: world.is("hazelcast") ? "Hazelcast does not answer" : null,
    unreadable: null,
  };
}
