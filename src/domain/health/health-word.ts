/**
 * One word for the whole system, from the product of the sensors. Actions are decided from causes, never from this
 * word.
 */
import { SENSOR_NAMES, type SensorName, type SensorReading } from "./sample.ts";

export const HEALTH_WORDS = ["GREEN", "DEGRADED", "CRITICAL", "DEAD"] as const;
export type HealthWord = (typeof HEALTH_WORDS)[number];

/** The word of a system without any cause to report. */
export const WELL = "GREEN" satisfies HealthWord;

const GREEN_ABOVE = 0.8;
const DEGRADED_ABOVE = 0.5;
const CRITICAL_ABOVE = 0.2;

/** Product of the known sensors; null where none is known. */
export function rmMetaOf(sensors: Readonly<Record<SensorName, SensorReading>>): number | null {
  const known = SENSOR_NAMES.flatMap((name) => sensors[name].score ?? []);
  return known.length === 0 ? null : known.reduce((product, score) => product * score, 1);
}

/** Unknown is not healthy. */
export function healthWordOf(rmMeta: number | null): HealthWord {
  if (rmMeta === null) return "DEGRADED";
  if (GREEN_ABOVE < rmMeta) return "GREEN";
  if (DEGRADED_ABOVE < rmMeta) return "DEGRADED";
  return CRITICAL_ABOVE < rmMeta ? "CRITICAL" : "DEAD";
}

export function graverOf(one: HealthWord, other: HealthWord): HealthWord {
  return HEALTH_WORDS.indexOf(one) < HEALTH_WORDS.indexOf(other) ? other : one;
}
