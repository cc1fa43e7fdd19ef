/**
 * The interface of an indicator: a file that exports an `indicator` of this type adds a new one. It says what to
 * request and parses the answer; requests, limits, retries and storage are common to all.
 */
import type { IndicatorReader } from "./indicator-reader.ts";
import { MS_PER_SECOND } from "../time.ts";
import type { Venue } from "./venue-budget.ts";

export type IndicatorAsk = {
  /** Path and query, appended to the configured address. */
  readonly path: string;
  /** Its weight in the venue's rate limit. */
  readonly weight: number;
};

export type ParsedReading = {
  /** The series, such as a symbol; a detail of it follows a dot: `BTCUSDT.interval_h`. */
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** When the value was true, by the source. */
  readonly asOfMs: number;
  /** When the source is due to publish the next value; undefined: it does not say. */
  readonly nextMs?: number;
  /** In the source's own words, such as `Extreme Fear`. */
  readonly note?: string;
};

type Pace = {
  readonly everyS: number;
  /** Offset within each period, in seconds: a value published at the full hour is requested a little later. */
  readonly offsetS: number;
  /** Random delay of at most this many seconds, so that not all requests come at once. */
  readonly jitterS: number;
  /** After an outage: one reading for all that was missed, or none because the next one comes soon. */
  readonly catchUp: "one" | "none";
  /** Ages by `as_of`, in seconds: older than this is a warning, older than the other is stale. */
  readonly warnS: number;
  readonly staleS: number;
  /** The same from the time at which the source says that its next value is due, where that is earlier. */
  readonly overdue?: { readonly warnS: number; readonly staleS: number };
};

export type AgePace = Pick<Pace, "warnS" | "staleS" | "overdue">;

type About = {
  /** One sentence: what the value is. */
  readonly about: string;
  readonly pace: Pace;
};

export type FetchedKind = About & {
  readonly venue: Venue;
  /** The venue's address where the configuration gives none. */
  readonly url: string;
  /** Default symbols; the first one's value is the indicator's own. */
  readonly symbols: readonly string[];
  /** The request for each symbol. */
  readonly ask: (symbol: string, nowMs: number) => IndicatorAsk;
  /** A request that is made once and passed to the reading of each symbol. */
  readonly shared?: IndicatorAsk;
  /** @throws {ReadingError} through the reader's functions */
  readonly read: (from: {
    readonly body: unknown;
    readonly shared: unknown;
    readonly symbol: string;
    readonly reader: IndicatorReader;
    readonly nowMs: number;
  }) => readonly ParsedReading[];
};

/** Computed locally, without a request. */
export type ComputedKind = About & {
  readonly compute: (nowMs: number) => readonly ParsedReading[];
};

export type IndicatorKind = FetchedKind | ComputedKind;

export function isFetched(kind: IndicatorKind): kind is FetchedKind {
  return "read" in kind;
}

/** Of a value of this time; `nextMs`: when the next is due, null where the source does not say. */
export function ageBudgets(
  { warnS, staleS, overdue }: AgePace,
  { asOfMs, nextMs }: { readonly asOfMs: number; readonly nextMs: number | null },
): Pick<AgePace, "warnS" | "staleS"> {
  if (overdue === undefined || nextMs === null) return { warnS, staleS };
  const dueS = Math.max(0, nextMs - asOfMs) / MS_PER_SECOND;
  return {
    warnS: Math.min(warnS, dueS + overdue.warnS),
    staleS: Math.min(staleS, dueS + overdue.staleS),
  };
}
