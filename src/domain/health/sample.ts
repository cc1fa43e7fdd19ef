/**
 * What was seen of the whole system at one time: the readings of the five sensors, and what a diagnosis
 * needs beside them. It is recorded as it stands, so that `why` and a replay come to the same result later.
 * Invariant: JSON-safe and bounded; null and `unknown` mean that nobody could look, never good and never bad.
 */
import type { DependencyState } from "../supervision/ties.ts";
import type { Verdict } from "../supervision/verdict.ts";

export const SENSOR_NAMES = [
  "m1_proc",
  "m2_heartbeat",
  "m3_data_freshness",
  "m4_control_plane",
  "m5_coherence",
] as const;
export type SensorName = (typeof SENSOR_NAMES)[number];

/** One thing that a sensor looked at: a service, a feed, a server, a rule of coherence. */
export type SensorPart = {
  readonly subject: string;
  /** From 0 to 1; null: it could not look. */
  readonly score: number | null;
  /** A sentence with the figures, or why nothing is known. */
  readonly says: string;
};

export type SensorReading = {
  /** Mean over the parts that are known; null where none is. */
  readonly score: number | null;
  readonly parts: readonly SensorPart[];
};

export type ServiceSample = {
  readonly name: string;
  /** As its supervisor means it, or without word from it, as it is declared. */
  readonly isWanted: boolean;
  /** `unknown`: neither Temporal nor a run file tells. */
  readonly phase: "absent" | "starting" | "running" | "stopped" | "fatal" | "unknown";
  /** Null: nobody judged it. */
  readonly verdict: Verdict | null;
  /** Within the window of its budget; null where only its supervisor could tell, and did not. */
  readonly restarts: number | null;
  /** Since its last sign of life, by the best witness; null: never heard, or nobody to ask. */
  readonly beatAgeS: number | null;
};

export type FeedSample = {
  readonly name: string;
  /** Of the newest; null: not known. */
  readonly ageS: number | null;
  /** Up to this it is fresh. */
  readonly budgetS: number;
  /** Whether its source is one of our own. */
  readonly isOurs: boolean;
};

export type HealthSample = {
  readonly atUs: number;
  readonly sensors: Readonly<Record<SensorName, SensorReading>>;
  readonly services: readonly ServiceSample[];
  /** `archive`, `hazelcast`, `temporal`, `disk`, `clock`, `postgres`, `worker:<layer>`. */
  readonly dependencies: Readonly<Record<string, DependencyState | "unknown">>;
  /** What was found of a dependency, as a sentence with the figures. */
  readonly said: Readonly<Record<string, string>>;
  /** Servers that somebody else says he works with, with his name. None in a sample of an older program. */
  readonly answered?: Readonly<Record<string, string>>;
  readonly feeds: readonly FeedSample[];
};
