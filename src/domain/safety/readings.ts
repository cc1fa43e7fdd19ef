/** The watchdog's inputs as they were read: null where nobody answered, never a guess. */
import type { HealthWord } from "../health/health-word.ts";
import type { Posture } from "../trading/posture.ts";

/** Ages are by the watchdog's clock; negative where the given time is in the future. */
export type BookReading = {
  readonly equity: number;
  /** Identifies the value that was read: the same one again is not a second reading. */
  readonly evidence: string;
  readonly ageMs: number;
  /** Without the posture, which is the watchdog's own output. */
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
  /** Of processes, heartbeats, data and coherence; null: unknown. Whether servers answer does not matter for risk. */
  readonly scores: readonly (number | null)[];
  /** Health's own word, which ignores the silence of external sources; null: it gives none. */
  readonly word: HealthWord | null;
};

export type ForewarnReading = {
  readonly evidence: string;
  readonly ageMs: number;
  /** Probability that one of the loss limits is reached. */
  readonly breach: number;
  /** Reliability, from the outcomes of earlier forecasts. */
  readonly weight: number;
};

export type Readings = {
  /** `unwanted`: no trader should run. */
  readonly book: BookReading | "unwanted" | null;
  readonly health: HealthReading | "unwanted" | null;
  /** An absent or old one has weight 0. */
  readonly forewarn: ForewarnReading | null;
};

export type Now = {
  /** For durations: it cannot be set. */
  readonly monotonicMs: number;
  /** For records, and for the day. */
  readonly wallMs: number;
};

export const SOURCES = ["equity", "inputs", "health", "forewarner"] as const;
export type Source = (typeof SOURCES)[number];

/** How much risk one source supports. */
export type Opinion = {
  readonly source: Source;
  /** The highest step that it supports if a second source agrees. */
  readonly wish: Posture;
  /** The highest step that it supports on its own. */
  readonly alone: Posture;
  /** Entries; `until_there`: stopped until the posture has fallen to `alone`. */
  readonly stops: "no" | "until_there" | "yes";
  /** Consecutive readings that it takes to reach `alone`. */
  readonly needs: number;
  readonly evidence: string;
  /** Unknown: it counts by how long that lasts. */
  readonly isUnknown: boolean;
  /** Empty where all is well. */
  readonly says: string;
};
