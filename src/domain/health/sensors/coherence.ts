/**
 * M5: whether the values in Hazelcast are coherent: ranges, enums, posture, prices against the previous scan, the
 * order of scans, clocks, a book against its journal. A value that does not exist yet, or cannot be read, is unknown.
 */
import type { SensorPart, SensorReading } from "../sample.ts";
import { US_PER_SECOND } from "../../time.ts";
import { sensePrices, senseRanges, senseScanOrder, type ScanValues } from "./scan-coherence.ts";
import { ageText, readingOf } from "./reading.ts";

/** The value under a key. */
export type Stored<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "nothing" }
  /** A value is there, but not one of this kind. */
  | { readonly kind: "foreign"; readonly why: string }
  /** It could not be read. */
  | { readonly kind: "unknown"; readonly why: string };

export type PostureValues = {
  /** Null: not a step of the ladder. */
  readonly posture: string | null;
  readonly tsUs: number;
};

export type BookObservation = {
  readonly book: string;
  readonly state: Stored<{
    readonly cash: number | null;
    readonly equity: number | null;
    readonly updatedUs: number;
  }>;
  /** Cash after the last fill in its journal; null: no fill, or nobody could read it. */
  readonly journaledCash: number | null;
};

export type CoherenceObservation = {
  readonly atUs: number;
  readonly scan: Stored<ScanValues>;
  /** From an earlier sample; null at the first. */
  readonly before: ScanValues | null;
  readonly posture: Stored<PostureValues>;
  readonly books: readonly BookObservation[];
  /** By service, the time in its heartbeat. */
  readonly heartbeats: readonly { readonly service: string; readonly beat: Stored<number> }[];
  /**
   * Difference between the progress of the wall clock and the monotonic clock since the previous sample; null at the
   * first.
   */
  readonly clockStepS: number | null;
};

/** A larger lead of a clock is not rounding. */
const FUTURE_S = 5;
const STEP_S = 2;
/** Relative to the larger value. */
const CASH_TOLERANCE = 0.01;

export function senseCoherence(observed: CoherenceObservation): SensorReading {
  const { scan, before, posture, books, heartbeats } = observed;
  return readingOf([
    ...withValue("scan values", scan, (values) => [
      { subject: "scan values", score: 1, says: "the latest scan can be read" },
      senseRanges(values),
      ...sensePrices(values, before),
      ...senseScanOrder(values, before),
      clockPart("scan clock", values.bridgeUs, observed.atUs),
    ]),
    ...withValue("posture", posture, (values) => [
      values.posture === null
        ? { subject: "posture", score: 0, says: "the posture is no step of the ladder" }
        : { subject: "posture", score: 1, says: `posture ${values.posture}` },
      clockPart("posture clock", values.tsUs, observed.atUs),
    ]),
    ...books.flatMap((book) => bookParts(book, observed.atUs)),
    ...heartbeats.flatMap(({ service, beat }) =>
      withValue(`heartbeat ${service}`, beat, (us) => [
        clockPart(`heartbeat ${service}`, us, observed.atUs),
      ]),
    ),
    ...clockParts(observed.clockStepS),
  ]);
}

/** A value that does not exist yet is not a part: whether it should exist is judged by its age. */
function withValue<T>(
  subject: string,
  stored: Stored<T>,
  parts: (value: T) => readonly SensorPart[],
): readonly SensorPart[] {
  switch (stored.kind) {
    case "value":
      return parts(stored.value);
    case "nothing":
      return [];
    case "foreign":
      return [{ subject, score: 0, says: `${subject}: ${stored.why}` }];
    case "unknown":
      return [{ subject, score: null, says: `${subject}: ${stored.why}` }];
  }
}

function clockPart(subject: string, us: number, atUs: number): SensorPart {
  const aheadS = (us - atUs) / US_PER_SECOND;
  if (!Number.isFinite(aheadS)) return { subject, score: 0, says: `${subject}: its time is none` };
  if (aheadS <= FUTURE_S) return { subject, score: 1, says: `${subject}: its time has been` };
  const says = `${subject}: its time is ${ageText(aheadS)} ahead of this machine's clock`;
  return { subject, score: 0, says };
}

function bookParts(
  { book, state, journaledCash }: BookObservation,
  atUs: number,
): readonly SensorPart[] {
  const subject = `book ${book}`;
  return withValue(subject, state, ({ cash, equity, updatedUs }) => {
    if (cash === null || equity === null || !Number.isFinite(cash) || !Number.isFinite(equity)) {
      return [{ subject, score: 0, says: `${subject}: its cash or equity is no number` }];
    }
    return [cashPart(subject, cash, journaledCash), clockPart(`${subject} clock`, updatedUs, atUs)];
  });
}

function cashPart(subject: string, cash: number, journaled: number | null): SensorPart {
  if (journaled === null) return { subject, score: 1, says: `${subject}: cash ${cash.toFixed(2)}` };
  const isEqual =
    Math.abs(cash - journaled) <= CASH_TOLERANCE * Math.max(Math.abs(cash), Math.abs(journaled));
  const says = `${subject}: cash ${cash.toFixed(2)}, ${journaled.toFixed(2)} in its journal`;
  return { subject, score: isEqual ? 1 : 0, says };
}

function clockParts(stepS: number | null): readonly SensorPart[] {
  if (stepS === null) return [];
  const isSteady = Math.abs(stepS) <= STEP_S;
  const says = isSteady
    ? "this machine's clock was not set"
    : `this machine's clock was set ${stepS < 0 ? "back" : "forward"} by ${ageText(Math.abs(stepS))}`;
  return [{ subject: "clock", score: isSteady ? 1 : 0, says }];
}
