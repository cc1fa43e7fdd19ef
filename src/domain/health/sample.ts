/**
 * One observation of the whole system: the readings of the five sensors, and what a diagnosis needs beside them. It
 * is recorded as it is, so that `why` and a replay later compute the same result. Invariant: JSON-safe and bounded;
 * null and `unknown` mean that nobody could look, never good and never bad.
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

/** One thing that a sensor examined: a service, a feed, a server, a rule of coherence. */
export type SensorPart = {
  readonly subject: string;
  /** From 0 to 1; null: it could not be examined. */
  readonly score: number | null;
  /** A sentence with the figures, or why nothing is known. */
  readonly says: string;
};

export type SensorReading = {
  /** Mean over the known parts; null where none is known. */
  readonly score: number | null;
  readonly parts: readonly SensorPart[];
};

export type ServiceSample = {
  readonly name: string;
  /** By the supervisor's intent, or as declared when the supervisor does not answer. */
  readonly isWanted: boolean;
  /** `unknown`: neither Temporal nor a run file says. */
  readonly phase: "absent" | "starting" | "running" | "stopped" | "fatal" | "unknown";
  /** Null: nobody judged it. */
  readonly verdict: Verdict | null;
  /** Restarts within the budget's window; null where only the supervisor could say, and did not answer. */
  readonly restarts: number | null;
  /** Age of its last sign of life, from the best source; null: never heard, or no source answers. */
  readonly beatAgeS: number | null;
};

export type FeedSample = {
  readonly name: string;
  /** Age of the newest value; null: not known. */
  readonly ageS: number | null;
  /** Up to this age it is fresh. */
  readonly budgetS: number;
  /** Whether its source is a service of ours. */
  readonly isOurs: boolean;
};

export type HealthSample = {
  readonly atUs: number;
  readonly sensors: Readonly<Record<SensorName, SensorReading>>;
  readonly services: readonly ServiceSample[];
  /** `archive`, `hazelcast`, `temporal`, `disk`, `clock`, `processor`, `postgres`, `worker:<layer>`. */
  readonly dependencies: Readonly<Record<string, DependencyState | "unknown">>;
  /** What was found about a dependency, as a sentence with the figures. */
  readonly said: Readonly<Record<string, string>>;
  /**
   * Servers that another component says it works with, and that component's name. Absent in a sample of an older
   * release.
   */
  readonly answered?: Readonly<Record<string, string>>;
  readonly feeds: readonly FeedSample[];
};
