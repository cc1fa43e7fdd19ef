/** What the watchdog looks at, each as it was found: null where nobody answered, never a guess. */
import type { HealthWord } from "../health/health-word.ts";
import type { Posture } from "../trading/posture.ts";

/** Ages are by the observer's clocks; below 0 where the time that was given is still to come. */
export type BookReading = {
  readonly equity: number;
  /** What it was read off: the same again is no second reading, however often it is asked. */
  readonly evidence: string;
  readonly ageMs: number;
  /** Without the posture, which is the watchdog's own. */
  readonly inputs: readonly InputReading[];
};

export type InputReading = {
  readonly name: string;
  /** Infinity: never heard. */
  readonly ageMs: number;
  readonly budgetMs: number;
};

export type HealthReading = {
  readonly evidence: string;
  readonly ageMs: number;
  /** Of processes, heartbeats, data and coherence; null: it could not look. What servers answer is no matter of risk. */
  readonly scores: readonly (number | null)[];
  /** Health's own word for it all, without what sources that are not ours keep silent; null: it gives none. */
  readonly word: HealthWord | null;
};

export type ForewarnReading = {
  readonly evidence: string;
  readonly ageMs: number;
  /** How likely one of the loss limits is reached. */
  readonly breach: number;
  /** How far that is to be believed, by what became of earlier forecasts. */
  readonly weight: number;
};

export type Readings = {
  /** `unwanted`: nobody is to run it. */
  readonly book: BookReading | "unwanted" | null;
  readonly health: HealthReading | "unwanted" | null;
  /** Absent or old it has weight 0. */
  readonly forewarn: ForewarnReading | null;
};

export type Now = {
  /** For how long things lasted. Nobody can set it. */
  readonly monotonicMs: number;
  /** For what is written, and the day. */
  readonly wallMs: number;
};

export const SOURCES = ["equity", "inputs", "health", "forewarner"] as const;
export type Source = (typeof SOURCES)[number];

/** What one source says of how much may be risked. */
export type Opinion = {
  readonly source: Source;
  /** The highest step that it supports together with another source. */
  readonly wish: Posture;
  /** The highest step that it supports by itself. */
  readonly alone: Posture;
  /** `until_there`: until the posture has fallen to `alone`. */
  readonly stops: "no" | "until_there" | "yes";
  /** Readings in a row that it takes for `alone`. */
  readonly needs: number;
  readonly evidence: string;
  /** Nothing can be said: it counts by how long that lasts. */
  readonly isUnknown: boolean;
  /** Empty where all is well. */
  readonly says: string;
};
