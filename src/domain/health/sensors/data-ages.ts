/**
 * M3: how old the data of each enabled feed is, against its own budget; both `as_of` and the time of the push count.
 */
import type { FeedSample, SensorPart, SensorReading } from "../sample.ts";
import { ageText, readingOf } from "./reading.ts";

/** What was found of a feed; ages in seconds, null where the value does not state one. */
export type FeedObservation = {
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

export function senseDataAges(feeds: readonly FeedObservation[]): SensorReading {
  return readingOf(feeds.map(partOf));
}

/** The larger of its two ages; null where it has none, or an implausible one. */
export function feedAgeOf({
  asOfAgeS,
  pushedAgeS,
  unknown,
  unreadable,
}: FeedObservation): number | null {
  if (unknown !== null || unreadable !== null) return null;
  const ages = [asOfAgeS, pushedAgeS].filter((age) => age !== null);
  if (ages.length === 0 || ages.some((age) => !Number.isFinite(age) || age < -FUTURE_S))
    return null;
  return Math.max(0, ...ages);
}

export function feedSampleOf(feed: FeedObservation): FeedSample {
  const { name, budgetS, isOurs } = feed;
  return { name, ageS: feedAgeOf(feed), budgetS, isOurs };
}

function partOf(feed: FeedObservation): SensorPart {
  const { name: subject, budgetS, staleS, unknown, unreadable } = feed;
  if (unknown !== null) return { subject, score: null, says: `${subject}: ${unknown}` };
  if (unreadable !== null) return { subject, score: 0, says: `${subject}: ${unreadable}` };
  const ageS = feedAgeOf(feed);
  if (ageS === null) return { subject, score: null, says: `${subject}: ${noAge(feed)}` };
  const score = ageS <= budgetS ? 1 : ageS <= staleS ? 0.5 : 0;
  const says = `${subject} is ${ageText(ageS)} old (budget ${budgetS} s, stale at ${staleS} s)`;
  return { subject, score, says };
}

function noAge({ asOfAgeS, pushedAgeS }: FeedObservation): string {
  if (asOfAgeS === null && pushedAgeS === null) return "nothing came yet";
  const ages = [asOfAgeS, pushedAgeS].filter((age) => age !== null);
  const future = ages.find((age) => age < -FUTURE_S);
  return future === undefined
    ? "its time is no number"
    : `its time is ${ageText(-future)} ahead of this machine's clock`;
}
