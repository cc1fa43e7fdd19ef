/**
 * M5: whether what stands in Hazelcast makes sense: ranges, enums, posture, prices against the scan before,
 * how scans go on, clocks, a book against its journal. What is not there yet, or cannot be read, is unknown.
 */
import type { SensorPart, SensorReading } from "../sample.ts";
import { US_PER_SECOND } from "../../time.ts";
import { sensePrices, senseRanges, senseScanOrder, type ScanValues } from "./scan-coherence.ts";
import { ageText, readingOf } from "./reading.ts";

/** What stands under a key. */
export type Stored<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "nothing" }
  /** Something stands there that is no such value. */
  | { readonly kind: "foreign"; readonly why: string }
  /** It could not be asked for. */
  | { readonly kind: "unknown"; readonly why: string };

export type PostureValues = {
  /** Null: no step of the ladder. */
  readonly posture: string | null;
  readonly tsUs: number;
};

export type BookLook = {
  readonly book: string;
  readonly state: Stored<{
    readonly cash: number | null;
    readonly equity: number | null;
    readonly updatedUs: number;
  }>;
  /** After the last fill in its journal; null: none, or nobody could read it. */
  readonly journaledCash: number | null;
};

export type CoherenceLook = {
  readonly atUs: number;
  readonly scan: Stored<ScanValues>;
  /** Of an earlier sample; null before there was another. */
  readonly before: ScanValues | null;
  readonly posture: Stored<PostureValues>;
  readonly books: readonly BookLook[];
  /** By service, the time that its heartbeat gives. */
  readonly heartbeats: readonly { readonly service: string; readonly beat: Stored<number> }[];
  /** How far the wall clock went otherwise than the monotonic one since the sample before; null at the first. */
  readonly clockStepS: number | null;
};

/** A clock that is this far ahead is no matter of rounding. */
const FUTURE_S = 5;
const STEP_S = 2;
/** Of the greater one. */
const CASH_TOLERANCE = 0.01;

export function senseCoherence(look: CoherenceLook): SensorReading {
  const { scan, before, posture, books, heartbeats } = look;
  return readingOf([
    ...withValue("scan values", scan, (values) => [
      { subject: "scan values", score: 1, says: "the latest scan can be read" },
      senseRanges(values),
      ...sensePrices(values, before),
      ...senseScanOrder(values, before),
      clockPart("scan clock", values.bridgeUs, look.atUs),
    ]),
    ...withValue("posture", posture, (values) => [
      values.posture === null
        ? { subject: "posture", score: 0, says: "the posture is no step of the ladder" }
        : { subject: "posture", score: 1, says: `posture ${values.posture}` },
      clockPart("posture clock", values.tsUs, look.atUs),
    ]),
    ...books.flatMap((book) => bookParts(book, look.atUs)),
    ...heartbeats.flatMap(({ service, beat }) =>
      withValue(`heartbeat ${service}`, beat, (us) => [
        clockPart(`heartbeat ${service}`, us, look.atUs),
      ]),
    ),
    ...clockParts(look.clockStepS),
  ]);
}

/** What is not there yet is no part: whether it has to be there is a matter of its age. */
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

function bookParts({ book, state, journaledCash }: BookLook, atUs: number): readonly SensorPart[] {
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
    ? "this machine's clock goes steadily"
    : `this machine's clock was set ${stepS < 0 ? "back" : "on"} by ${ageText(Math.abs(stepS))}`;
  return [{ subject: "clock", score: isSteady ? 1 : 0, says }];
}
