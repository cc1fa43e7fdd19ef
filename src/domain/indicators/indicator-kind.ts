/**
 * The shape of an indicator: a file that exports `indicator` of this type is all that a new one takes. It says
 * what to ask and reads what comes; asking, limits, retries and keeping are the same for all.
 */
import type { IndicatorReader } from "./indicator-reader.ts";
import type { Venue } from "./venue-budget.ts";

export type IndicatorAsk = {
  /** Behind the address of the configuration, with its query. */
  readonly path: string;
  /** What it costs of the venue's budget. */
  readonly weight: number;
};

export type Found = {
  /** Of one of several values, such as a symbol; what belongs to it follows a dot: `BTCUSDT.interval_h`. */
  readonly label: string;
  readonly value: number;
  readonly unit: string;
  /** When this was true, by the source's word. */
  readonly asOfMs: number;
  /** When the source is to say something new; undefined: it does not tell. */
  readonly nextMs?: number;
  /** In the source's own words, such as `Extreme Fear`. */
  readonly note?: string;
};

type Pace = {
  readonly everyS: number;
  /** Within each period: what is new at a full hour is asked for a little later. */
  readonly offsetS: number;
  /** At most this much later, so that not all come at once. */
  readonly jitterS: number;
  /** After an outage: a reading for what was missed, or none, as the next one comes soon. */
  readonly catchUp: "one" | "none";
  /** By `as_of`: older than this is a warning, and older than the other is stale. */
  readonly warnS: number;
  readonly staleS: number;
};

type About = {
  /** One sentence: what the value is. */
  readonly about: string;
  readonly pace: Pace;
};

export type FetchedKind = About & {
  readonly venue: Venue;
  /** Of the venue, where the configuration names no other. */
  readonly url: string;
  /** Where the configuration names none; the first one's value is the indicator's own. */
  readonly symbols: readonly string[];
  /** What is asked of each symbol. */
  readonly ask: (symbol: string, nowMs: number) => IndicatorAsk;
  /** Asked once, and handed to each symbol's reading. */
  readonly shared?: IndicatorAsk;
  /** @throws {ReadingError} by the reader's own functions */
  readonly read: (from: {
    readonly body: unknown;
    readonly shared: unknown;
    readonly symbol: string;
    readonly reader: IndicatorReader;
    readonly nowMs: number;
  }) => readonly Found[];
};

/** Worked out here: nobody is asked. */
export type ComputedKind = About & {
  readonly compute: (nowMs: number) => readonly Found[];
};

export type IndicatorKind = FetchedKind | ComputedKind;

export function isFetched(kind: IndicatorKind): kind is FetchedKind {
  return "read" in kind;
}
