/** Builds a sensor's reading from its parts. */
import type { SensorPart, SensorReading } from "../sample.ts";

/** Longest text that is recorded of a part: it may contain text from outside. */
const SAYS_CHARS_MAX = 300;
/** Most parts of one sensor; the rest is summed up. */
const PARTS_MAX = 64;

/**
 * The mean over the known parts: what could not be examined does not count, and what is not configured is no part.
 */
export function readingOf(parts: readonly SensorPart[]): SensorReading {
  const known = parts.flatMap(({ score }) => (score === null ? [] : [score]));
  const sum = known.reduce((total, score) => total + score, 0);
  return {
    score: known.length === 0 ? null : sum / known.length,
    parts: parts.slice(0, PARTS_MAX).map((part) => ({
      ...part,
      says: part.says.slice(0, SAYS_CHARS_MAX),
    })),
  };
}

/** An age as it is written in sentences. */
export function ageText(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
