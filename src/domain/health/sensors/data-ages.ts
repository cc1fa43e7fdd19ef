/**
 * M3: how old the data of each enabled feed is, against its own budget; both `as_of` and the time of the push count.
 */
import type { FeedSample, SensorPart, SensorReading } from "../sample.ts";
import { ageText, readingOf } from "./reading.ts";

/** What was found of a feed; ages in seconds, null where the value does not state one. */
export type FeedLook = {
  readonly name: string;
  readonly isOurs: boolean;
  /** Up to this age it is fresh. */
  readonly budgetS: number;
  /** Beyond this age it is worthless. */
  readonly staleS: number;
  readonly asOfAgeS: number | null;
  readonly pushedAgeS: number | null;
  /** Why nothing is known of it; null where something is. */
  readonly unknown: string | null;
  /** Why the value is not one of this feed; null where it is. */
  readonly unreadable: string | null;
};

/** A larger lead of a clock is not rounding. */
const FUTURE_S = 5;

export function senseDataAges(looks: readonly FeedLook[]): SensorReading {
  return readingOf(looks.map(partOf));
}

/** The larger of its two ages; null where it has none, or an implausible one. */
export function ageOf({ asOfAgeS, pushedAgeS, unknown, unreadable }: FeedLook): number | null {
  if (unknown !== null || unreadable !== null) return null;
  const ages = [asOfAgeS, pushedAgeS].filter((age) => age !== null);
  if (ages.length === 0 || ages.some((age) => !Number.isFinite(age) || age < -FUTURE_S))
    return null;
  return Math.max(0, ...ages);
}

export function feedSampleOf(look: FeedLook): FeedSample {
  const { name, budgetS, isOurs } = look;
  return { name, ageS: ageOf(look), budgetS, isOurs };
}

function partOf(look: FeedLook): SensorPart {
  const { name: subject, budgetS, staleS, unknown, unreadable } = look;
  if (unknown !== null) return { subject, score: null, says: `${subject}: ${unknown}` };
  if (unreadable !== null) return { subject, score: 0, says: `${subject}: ${unreadable}` };
  const ageS = ageOf(look);
  if (ageS === null) return { subject, score: null, says: `${subject}: ${noAge(look)}` };
  const score = ageS <= budgetS ? 1 : ageS <= staleS ? 0.5 : 0;
  const says = `${subject} is ${ageText(ageS)} old (budget ${budgetS} s, stale at ${staleS} s)`;
  return { subject, score, says };
}

function noAge({ asOfAgeS, pushedAgeS }: FeedLook): string {
  if (asOfAgeS === null && pushedAgeS === null) return "nothing came yet";
  const ages = [asOfAgeS, pushedAgeS].filter((age) => age !== null);
  const future = ages.find((age) => age < -FUTURE_S);
  return future === undefined
    ? "its time is no number"
    : `its time is ${ageText(-future)} ahead of this machine's clock`;
}
