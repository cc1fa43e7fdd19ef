/**
 * The values of Hazelcast in the form for the sensors; all unknown, with the reason, where they could not be read.
 */
import { type FeedSpec, POSTURE_FEED, SCAN_FEED, stateFeedOf } from "../../domain/health/feeds.ts";
import type {
  BookObservation,
  PostureValues,
  Stored,
} from "../../domain/health/sensors/coherence.ts";
import type { FeedObservation } from "../../domain/health/sensors/data-ages.ts";
import type { ScanValues } from "../../domain/health/sensors/scan-coherence.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { US_PER_SECOND } from "../../domain/time.ts";
import {
  storedBeat,
  storedPosture,
  storedScan,
  storedState,
  storedTimes,
} from "../../wire/health/stored-values.ts";
import type { HazelcastValues } from "./hazelcast-values.ts";
import { factsOf, type Witnesses } from "./service-samples.ts";

export type HazelcastReading = {
  readonly scan: Stored<ScanValues>;
  readonly posture: Stored<PostureValues>;
  stateOf(book: string): BookObservation["state"];
  books(
    wanted: ReadonlySet<string>,
    specs: readonly ServiceSpec[],
    cash: ReadonlyMap<string, number>,
  ): readonly BookObservation[];
  beats(wanted: ReadonlySet<string>): { readonly service: string; readonly beat: Stored<number> }[];
  /** Its text, if its time is past: one from the future says nothing about now. */
  heartbeat(service: string, atUs: number): unknown;
  timesOf(feed: string): ReturnType<typeof storedTimes>;
};

const FUTURE_US = 5 * US_PER_SECOND;
/** An external program that has not pushed for this long is considered retired. */
const GIVEN_UP_S = 86_400;

export function hazelcastReadingOf(values: HazelcastValues | null, why: string): HazelcastReading {
  const unknown = { kind: "unknown", why } as const;
  const at = <T>(name: string, read: (found: unknown) => Stored<T>): Stored<T> =>
    values === null ? unknown : read(values.feeds.get(name));
  const beatOf = (service: string): Stored<number> =>
    values === null ? unknown : storedBeat(values.heartbeats.get(service));
  const stateOf = (book: string) => at(stateFeedOf(book), storedState);
  return {
    scan: at(SCAN_FEED, storedScan),
    posture: at(POSTURE_FEED, storedPosture),
    stateOf,
    books: (wanted, specs, cash) =>
      specs.flatMap(({ name, role, book }) =>
        role === "trader" && book !== null && wanted.has(name)
          ? [{ book, state: stateOf(book), journaledCash: cash.get(book) ?? null }]
          : [],
      ),
    beats: (wanted) => [...wanted].map((service) => ({ service, beat: beatOf(service) })),
    heartbeat(service, atUs) {
      const beat = beatOf(service);
      const isPast = beat.kind === "value" && beat.value <= atUs + FUTURE_US;
      return isPast ? values?.heartbeats.get(service) : null;
    },
    timesOf: (feed) => at(feed, storedTimes),
  };
}

type About = {
  readonly feeds: readonly FeedSpec[];
  readonly witnesses: readonly Witnesses[];
  readonly atUs: number;
};

export function feedObservations(
  reading: HazelcastReading,
  about: About,
): readonly FeedObservation[] {
  return about.feeds.flatMap((spec) => {
    const found = timesIn(reading, spec, about);
    if (spec.writer === null && isNobodys(found)) return [];
    const { name, isOurs, budgetS, staleS } = spec;
    const times = found.kind === "value" ? found.value : NO_TIMES;
    return [
      {
        name,
        isOurs,
        budgetS,
        staleS,
        ...times,
        unknown: found.kind === "unknown" ? found.why : null,
        unreadable: found.kind === "foreign" ? found.why : null,
      },
    ];
  });
}

type Ages = Pick<FeedObservation, "asOfAgeS" | "pushedAgeS"> &
  Partial<Pick<FeedObservation, "budgetS" | "staleS">>;
const NO_TIMES: Ages = { asOfAgeS: null, pushedAgeS: null };

function isNobodys(found: Stored<Ages>): boolean {
  if (found.kind === "nothing" || found.kind === "unknown") return true;
  const ageS = found.kind === "value" ? (found.value.pushedAgeS ?? 0) : 0;
  return GIVEN_UP_S < ageS;
}

function timesIn(reading: HazelcastReading, spec: FeedSpec, about: About): Stored<Ages> {
  const ageOf = (us: number | null) => (us === null ? null : (about.atUs - us) / US_PER_SECOND);
  if (spec.name === SCAN_FEED) {
    return mapped(reading.scan, ({ bridgeUs }) => ({
      // Counted from when its file was first seen, because the writer's clock may be wrong.
      asOfAgeS: seenAgeS(spec, about.witnesses),
      pushedAgeS: ageOf(bridgeUs),
    }));
  }
  if (spec.name === POSTURE_FEED) {
    return mapped(reading.posture, ({ tsUs }) => ({ asOfAgeS: ageOf(tsUs), pushedAgeS: null }));
  }
  const book =
    about.witnesses.find(({ spec: { name } }) => name === spec.writer)?.spec.book ?? null;
  if (book !== null) {
    return mapped(reading.stateOf(book), ({ updatedUs }) => ({
      asOfAgeS: null,
      pushedAgeS: ageOf(updatedUs),
    }));
  }
  return mapped(reading.timesOf(spec.name), ({ asOfUs, pushedUs, budgets }) => ({
    asOfAgeS: ageOf(asOfUs),
    pushedAgeS: ageOf(pushedUs),
    ...budgets,
  }));
}

/** As reported by the service that pushes it, by its monotonic clock. */
function seenAgeS({ writer }: FeedSpec, witnesses: readonly Witnesses[]): number | null {
  const witness = witnesses.find(({ spec }) => spec.name === writer);
  const report = witness === undefined ? null : factsOf(witness);
  const ageS = report?.facts.inputs[0]?.ageS ?? null;
  return report === null || ageS === null ? null : ageS + report.ageS;
}

function mapped<T, U>(stored: Stored<T>, change: (value: T) => U): Stored<U> {
  return stored.kind === "value" ? { kind: "value", value: change(stored.value) } : stored;
}
