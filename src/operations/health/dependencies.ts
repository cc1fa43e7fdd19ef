/** The state of each dependency of the services, with a sentence. */
import type { HealthSample } from "../../domain/health/sample.ts";
import {
  queueSays,
  type QueueObservation,
  type ServerObservation,
  serverSays,
  stateOfQueue,
  stateOfServer,
} from "../../domain/health/sensors/control-plane.ts";
import { ageText } from "../../domain/health/sensors/reading.ts";
import type { ClockObservation, ProcessorObservation } from "./machine-watch.ts";
import { factsOf, type Witnesses } from "./service-samples.ts";

export type DependencySample = {
  readonly hazelcast: ServerObservation;
  readonly temporal: ServerObservation;
  readonly queues: readonly QueueObservation[];
  readonly witnesses: readonly Witnesses[];
  /** Null: it could not be examined. */
  readonly disk: { readonly folder: string; readonly freeBytes: number | null };
  readonly clock: ClockObservation;
  readonly processorWaitMs: ProcessorObservation;
};

type State = HealthSample["dependencies"][string];

/** With less space databases and journals will soon fail to grow. */
const DISK_LOW_BYTES = 64_000_000;
const BYTES_PER_MB = 1_000_000;
/** A call of a few turns to and fro then takes longer than its deadline. */
const STARVED_MS = 50;
/** A run that has not been reported for this long has lost its worker. */
const UNHEARD_S = 10;

export function dependenciesOf(
  found: DependencySample,
): Required<Pick<HealthSample, "dependencies" | "said" | "answered">> {
  const { hazelcast, temporal, queues, witnesses } = found;
  const all: (readonly [string, State, string])[] = [
    ["hazelcast", stateOfServer(hazelcast), serverSays("hazelcast", hazelcast)],
    ["temporal", stateOfServer(temporal), serverSays("temporal", temporal)],
    ...queues.map((queue) => workerState(queue, witnesses)),
    ...reportedStates(witnesses),
    diskState(found.disk),
    clockState(found.clock),
    processorState(found.processorWaitMs),
  ];
  return {
    dependencies: Object.fromEntries(all.map(([name, state]) => [name, state])),
    said: Object.fromEntries(all.map(([name, , says]) => [name, says])),
    answered: answeredBy(witnesses),
  };
}

/** Temporal remembers pollers for a minute after their death; their runs fall silent at once. */
function workerState(
  queue: QueueObservation,
  witnesses: readonly Witnesses[],
): readonly [string, State, string] {
  const name = `worker:${queue.layer}`;
  const state = stateOfQueue(queue);
  const silent = witnesses
    .filter(({ spec }) => spec.layer === queue.layer)
    .flatMap(({ supervision }) => {
      if (supervision === null || supervision.run.kind === "none") return [];
      const { run } = supervision;
      return run.kind === "reported" ? run.ageS : run.sinceS;
    });
  const leastS = Math.min(...silent);
  if (state !== "ok" || silent.length === 0 || leastS <= UNHEARD_S) {
    return [name, state, queueSays(queue)];
  }
  const who = `layer ${queue.layer} ('dolphin worker ${queue.layer}')`;
  return [name, "down", `no worker of ${who} has reported on its services for ${ageText(leastS)}`];
}

/**
 * From the facts of services that need the server; health itself is excluded, because it adds nothing to its own
 * look.
 */
function answeredBy(witnesses: readonly Witnesses[]): Readonly<Record<string, string>> {
  const found = witnesses.flatMap((witness) => {
    const { name, ties } = witness.spec;
    const isOk = factsOf(witness)?.facts.dependencies["hazelcast"] === "ok";
    return isOk && "hazelcast" in ties.needs && name !== "health"
      ? [["hazelcast", name] as const]
      : [];
  });
  return Object.fromEntries(found);
}

/** Dependencies that only a service sees: the archive, and the copy in Postgres. */
function reportedStates(witnesses: readonly Witnesses[]) {
  return witnesses.flatMap((witness) => {
    const facts = factsOf(witness)?.facts;
    return Object.entries(witness.spec.ties.needs).flatMap(([name, need]) => {
      if (name === "hazelcast" || name === "temporal") return [];
      const state = facts === undefined ? "unknown" : facts.dependencies[name];
      // A service leaves out the dependencies that it does not use.
      if (state === undefined) return [];
      const says =
        state === "ok" || state === "unknown" ? `${need.name}: ${state}` : need.says[state];
      return [[name, state, `${witness.spec.name}: ${says}`] as const];
    });
  });
}

function diskState({
  folder,
  freeBytes,
}: DependencySample["disk"]): readonly [string, State, string] {
  if (freeBytes === null) return ["disk", "unknown", `the disk of ${folder} does not answer`];
  const says = `${Math.floor(freeBytes / BYTES_PER_MB)} MB are free on the disk of ${folder}`;
  const state = freeBytes < DISK_LOW_BYTES ? "error" : "ok";
  return ["disk", state, state === "ok" ? says : `${says} (low below 64 MB)`];
}

function clockState({ recentStepS }: ClockObservation): readonly [string, State, string] {
  if (recentStepS === null) return ["clock", "ok", "this machine's clock was not set"];
  const how = recentStepS < 0 ? "back" : "on";
  const says = `this machine's clock was set ${how} by ${ageText(Math.abs(recentStepS))}`;
  return ["clock", "error", says];
}

function processorState(waitMs: ProcessorObservation): readonly [string, State, string] {
  if (waitMs === null) return ["processor", "unknown", "waits for a processor are not known"];
  const says = `who is to run waits ${waitMs.toFixed(1)} ms for a processor`;
  if (waitMs < STARVED_MS) return ["processor", "ok", says];
  return [
    "processor",
    "error",
    `${says}, on average over the worst half minute lately (too long from ${STARVED_MS} ms)`,
  ];
}
