/** M4: whether Hazelcast and Temporal answer by protocol, and whether every task queue in use has a poller. */
import type { SensorPart, SensorReading } from "../sample.ts";
import type { DependencyState } from "../../supervision/ties.ts";
import { ageText, readingOf } from "./reading.ts";

/** The result of the last request to a server. */
export type ServerLook =
  | { readonly kind: "answered"; readonly ms: number }
  | { readonly kind: "silent"; readonly sinceS: number; readonly why: string | null }
  /** It was not asked yet. */
  | { readonly kind: "unasked" };

/** A layer's task queue. */
export type QueueLook = {
  readonly layer: string;
  /** Null: Temporal did not answer. */
  readonly pollers: number | null;
};

export type ControlPlaneLook = {
  readonly hazelcast: ServerLook;
  readonly temporal: ServerLook;
  readonly queues: readonly QueueLook[];
};

export function senseControlPlane({
  hazelcast,
  temporal,
  queues,
}: ControlPlaneLook): SensorReading {
  return readingOf([
    serverPart("hazelcast", hazelcast),
    serverPart("temporal", temporal),
    ...(queues.length === 0 ? [] : [workersPart(queues)]),
  ]);
}

export function stateOfServer({ kind }: ServerLook): DependencyState | "unknown" {
  return kind === "answered" ? "ok" : kind === "silent" ? "down" : "unknown";
}

export function stateOfQueue({ pollers }: QueueLook): DependencyState | "unknown" {
  return pollers === null ? "unknown" : pollers === 0 ? "down" : "ok";
}

const NAMES = { hazelcast: "Hazelcast", temporal: "Temporal" } as const;

export function serverSays(server: keyof typeof NAMES, look: ServerLook): string {
  const name = NAMES[server];
  switch (look.kind) {
    case "answered":
      return `${name} answered in ${Math.round(look.ms)} ms`;
    case "silent": {
      const why = look.why === null ? "" : `: ${look.why}`;
      return `${name} has not answered for ${ageText(look.sinceS)}${why}`;
    }
    case "unasked":
      return `${name} was not asked yet`;
  }
}

export function queueSays({ layer, pollers }: QueueLook): string {
  if (pollers === null)
    return `layer ${layer}: not known whether a worker polls its task queue, because Temporal does not answer`;
  return pollers === 0
    ? `no worker serves layer ${layer} ('dolphin worker ${layer}' does)`
    : `layer ${layer} has ${pollers} pollers`;
}

function serverPart(subject: keyof typeof NAMES, look: ServerLook): SensorPart {
  const score = look.kind === "unasked" ? null : look.kind === "answered" ? 1 : 0;
  return { subject, score, says: serverSays(subject, look) };
}

/** One part for all queues: otherwise many queues would outweigh the two servers. */
function workersPart(queues: readonly QueueLook[]): SensorPart {
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
