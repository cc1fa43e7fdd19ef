/**
 * The burn rate of the objective "the newest scan is younger than 30 s for 99.9 % of the time": 1 means that the
 * error budget is used up exactly at its end. Bad time is divided by the whole window, so that one bad minute after a
 * start does not alert. Invariants: bounded memory; unknown time counts as neither good nor bad, and a window of
 * which less than half is known has no rate.
 */
import { MS_PER_MINUTE } from "../time.ts";
import type { Fact, FactTable } from "./facts.ts";
import { isUnknown } from "./facts.ts";

export const OBJECTIVE = { fact: "feed.scan.age_s", belowS: 30, share: 0.999 } as const;

/** A span of time: how much of it was bad and how much was unknown, in milliseconds. */
type Bucket = readonly [badMs: number, unknownMs: number];

export type BurnState = {
  /** The minute that is being filled, by the engine's clock. */
  readonly minute: number;
  readonly filling: Bucket;
  /** One bucket per minute of the last six hours, and one per half-hour of the last three days; oldest first. */
  readonly minutes: readonly Bucket[];
  readonly halfHours: readonly Bucket[];
};

const MINUTES_KEPT = 360;
const HALF_HOURS_KEPT = 144;
const HALF_HOUR = 30;
const HOUR = 60;
const WINDOWS = [
  { name: "5m", minutes: 5 },
  { name: "30m", minutes: HALF_HOUR },
  { name: "1h", minutes: HOUR },
  { name: "6h", minutes: MINUTES_KEPT },
] as const;

export const NOTHING_BURNT: BurnState = {
  minute: 0,
  filling: [0, 0],
  minutes: [],
  halfHours: [],
};

/** The time watched since the previous step counts by what is found now. */
export function withObserved(
  burn: BurnState,
  seen: { readonly clockMs: number; readonly elapsedMs: number; readonly values: FactTable },
): BurnState {
  const minute = Math.floor(seen.clockMs / MS_PER_MINUTE);
  const age: Fact = seen.values[OBJECTIVE.fact] ?? { unknown: "it is not known" };
  const isNumber = !isUnknown(age) && typeof age === "number" && !Number.isNaN(age);
  const [bad, unknown] = burn.filling;
  const filling: Bucket = [
    bad + (isNumber && OBJECTIVE.belowS <= age ? seen.elapsedMs : 0),
    unknown + (isNumber ? 0 : seen.elapsedMs),
  ];
  if (minute <= burn.minute) return { ...burn, filling };
  const minutes = [...burn.minutes, filling].slice(-MINUTES_KEPT);
  const isHalfHour = Math.floor(minute / HALF_HOUR) !== Math.floor(burn.minute / HALF_HOUR);
  const halfHours = isHalfHour
    ? [...burn.halfHours, sumOf(minutes.slice(-HALF_HOUR))].slice(-HALF_HOURS_KEPT)
    : burn.halfHours;
  return { minute, filling: [0, 0], minutes, halfHours };
}

/** As facts: `objective.scan_age.burn_1h` and its siblings. */
export function burnFacts(burn: BurnState): FactTable {
  const table: Record<string, Fact> = {};
  for (const { name, minutes } of WINDOWS) {
    table[`objective.scan_age.burn_${name}`] = rateOf(
      sumOf([...burn.minutes.slice(-minutes), burn.filling]),
      minutes,
    );
  }
  // Minutes that are not part of a half-hour bucket yet.
  const young = burn.minutes.slice(-(burn.minute % HALF_HOUR || HALF_HOUR));
  const ofHalfHours = burn.minute % HALF_HOUR === 0 ? [] : young;
  table["objective.scan_age.burn_3d"] = rateOf(
    sumOf([...burn.halfHours, ...ofHalfHours, burn.filling]),
    HALF_HOURS_KEPT * HALF_HOUR,
  );
  return table;
}

function rateOf([badMs, unknownMs]: Bucket, minutes: number): Fact {
  const windowMs = minutes * MS_PER_MINUTE;
  if (windowMs / 2 < unknownMs) {
    return { unknown: `${OBJECTIVE.fact} was not known for more than half of ${minutes} min` };
  }
  return badMs / windowMs / (1 - OBJECTIVE.share);
}

function sumOf(buckets: readonly Bucket[]): Bucket {
  return buckets.reduce<Bucket>(([bad, unknown], [b, u]) => [bad + b, unknown + u], [0, 0]);
}
