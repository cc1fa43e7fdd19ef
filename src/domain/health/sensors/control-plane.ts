/** M4: whether Hazelcast and Temporal answer by protocol, and whether every task queue in use has a poller. */
import type { SensorPart, SensorReading } from "../sample.ts";
import type { DependencyState } from "../../supervision/ties.ts";
import { ageText, readingOf } from "./reading.ts";

const SAMPLES_PER_QUEUES = 2;
const SAMPLES_PER_SERVED_QUEUES = 4;

/** The result of the last request to a server. */
export type ServerObservation =
  | { readonly kind: "answered"; readonly ms: number }
  | { readonly kind: "silent"; readonly sinceS: number; readonly why: string | null }
  /** It was not asked yet. */
  | { readonly kind: "unasked" };

/** A layer's task queue. */
export type QueueObservation = {
  readonly layer: string;
  /** Null: Temporal did not answer. */
  readonly pollers: number | null;
};

export type ControlPlaneObservation = {
  readonly hazelcast: ServerObservation;
  readonly temporal: ServerObservation;
  readonly queues: readonly QueueObservation[];
};

export function senseControlPlane({
  hazelcast,
  temporal,
  queues,
}: ControlPlaneObservation): SensorReading {
  return readingOf([
    serverPart("hazelcast", hazelcast),
    serverPart("temporal", temporal),
    ...(queues.length === 0 ? [] : [workersPart(queues)]),
  ]);
}

export function stateOfServer({ kind }: ServerObservation): DependencyState | "unknown" {
  return kind === "answered" ? "ok" : kind === "silent" ? "down" : "unknown";
}

export function stateOfQueue({ pollers }: QueueObservation): DependencyState | "unknown" {
  return pollers === null ? "unknown" : pollers === 0 ? "down" : "ok";
}

/**
 * Task queues are queried once in this many samples. The server remembers pollers for a minute, so every sample would
 * be too often, and it is rarer while all are served: a dead worker is noticed by the silence of its runs.
 */
export function samplesPerQueues(known: readonly QueueObservation[] | null): number {
  const areServed = known?.every((queue) => stateOfQueue(queue) === "ok") ?? false;
  return areServed ? SAMPLES_PER_SERVED_QUEUES : SAMPLES_PER_QUEUES;
}

const NAMES = { hazelcast: "Hazelcast", temporal: "Temporal" } as const;

export function serverSays(server: keyof typeof NAMES, observed: ServerObservation): string {
  const name = NAMES[server];
  switch (observed.kind) {
    case "answered":
      return `${name} answered in ${Math.round(observed.ms)} ms`;
    case "silent": {
      const why = observed.why === null ? "" : `: ${observed.why}`;
      return `${name} has not answered for ${ageText(observed.sinceS)}${why}`;
    }
    case "unasked":
      return `${name} was not asked yet`;
  }
}

export function queueSays({ layer, pollers }: QueueObservation): string {
  if (pollers === null)
    return `layer ${layer}: not known whether a worker polls its task queue, because Temporal does not answer`;
  return pollers === 0
    ? `no worker serves layer ${layer} ('dolphin worker ${layer}' does)`
    : `layer ${layer} has ${pollers} pollers`;
}

function serverPart(subject: keyof typeof NAMES, observed: ServerObservation): SensorPart {
  const score = observed.kind === "unasked" ? null : observed.kind === "answered" ? 1 : 0;
  return { subject, score, says: serverSays(subject, observed) };
}

/** One part for all queues: otherwise many queues would outweigh the two servers. */
function workersPart(queues: readonly QueueObservation[]): SensorPart {
  const known = queues.filter(({ pollers }) => pollers !== null);
  const unserved = known.filter(({ pollers }) => pollers === 0);
  if (known.length === 0) {
    return {
      subject: "workers",
      score: null,
      says: "Temporal does not answer, so it is not known which task queues have workers",
    };
  }
  const says =
    unserved.length === 0
      ? `${known.length} of ${queues.length} task queues have workers`
      : unserved.map(queueSays).join("; ");
  return { subject: "workers", score: 1 - unserved.length / known.length, says };
}
