/**
 * The table of the feeds that a trader reads beside scans: the key in Hazelcast, the parser, and the age
 * budget. A new input is a row here and a parser in the folder of its topic; the trader needs no change.
 */
import type { BookEvent, FeatureEvent, PostureEvent } from "../../domain/trading/events.ts";
import { bookInput, EACH_BOOK, levelsOf } from "../../domain/trading/market/asset-book.ts";
import { MS_PER_HOUR } from "../../domain/time.ts";
import { bookKey, parseBook } from "../order-book/book-values.ts";
import { FEATURES_MAP } from "../scan-value.ts";
import { parsePosture, SAFETY_KEY, SAFETY_MAP } from "../safety/posture-value.ts";
import { parseFlat } from "../indicators/indicator-values.ts";
import { parseIndicator, parseLabels, parsePushedMs } from "../indicators/indicator-value.ts";

/** What a feed's value means for a book, before it gets its index in the book's log. */
export type FeedFact =
  | Omit<FeatureEvent, "index" | "nowMs">
  | Omit<BookEvent, "index" | "nowMs">
  | Omit<PostureEvent, "index" | "nowMs">;

export type FeedReading = {
  readonly facts: readonly FeedFact[];
  /** False: the stored value could not be parsed. The facts say what that means for the book. */
  readonly isReadable: boolean;
  /** When it was published, if it states that; the facts contain it, too. */
  readonly knownMs?: number | undefined;
};

/** One row of the table. */
export type FeedRow = {
  /**
   * The name in the configuration and in service facts. A name that ends with `*` is a row for every name with
   * that prefix. A feed with one feature names it like itself; a feed with several appends a dot and the rest
   * of the feature's name.
   */
  readonly name: string;
  readonly map: string;
  /** The key in the map; null: the feed's own name. */
  readonly key: string | null;
  readonly read: (text: unknown, name: string) => FeedReading;
  /** Age budget for an entry, in seconds, where the book's `age_budgets_s` does not name the input. */
  readonly budgetMs: number;
  /** Values that arrive faster than this are conflated: only the newest is taken. */
  readonly everyMs: number;
  /** The noun in status sentences such as `holds no posture`. */
  readonly what: string;
  /** What a value that cannot be parsed means for the book. */
  readonly otherwise: string;
  /** Read without being configured, and reported in the book's state rather than as an input. */
  readonly isBuiltIn: boolean;
};

export type Feed = Omit<FeedRow, "key"> & { readonly key: string };

/** One feed for the order book of each asset. */
const BOOK_FEEDS = bookKey("*");

export const FEED_ROWS: readonly FeedRow[] = [
  {
    name: "posture",
    map: SAFETY_MAP,
    key: SAFETY_KEY,
    read: readPosture,
    budgetMs: 30_000,
    // No conflation: a posture that closes positions must not wait.
    everyMs: 0,
    what: "posture",
    otherwise: "it counts as unknown",
    isBuiltIn: true,
  },
  {
    name: "esof_latest",
    map: FEATURES_MAP,
    key: null,
    read: readFlat,
    budgetMs: MS_PER_HOUR,
    everyMs: 1_000,
    what: "factors",
    otherwise: "ignored",
    isBuiltIn: false,
  },
  {
    name: "exf_*",
    map: FEATURES_MAP,
    key: null,
    read: readIndicator,
    // Indicators have different intervals: set `age_budgets_s` for those that this does not fit.
    budgetMs: MS_PER_HOUR,
    everyMs: 1_000,
    what: "reading",
    otherwise: "ignored",
    isBuiltIn: false,
  },
  {
    name: BOOK_FEEDS,
    map: FEATURES_MAP,
    key: null,
    read: readBook,
    budgetMs: 10_000,
    // Each value takes some hundred bytes of the book's log, and is only used when a scan comes.
    everyMs: 2_000,
    what: "order book",
    otherwise: "ignored",
    isBuiltIn: false,
  },
];

/** An exact name takes precedence over a prefix; null where there is no row. */
export function feedNamed(name: string, rows: readonly FeedRow[] = FEED_ROWS): Feed | null {
  const row =
    rows.find((one) => one.name === name) ??
    rows.find((one) => one.name.endsWith("*") && name.startsWith(one.name.slice(0, -1)));
  return row === undefined ? null : { ...row, name, key: row.key ?? name };
}

/** The feed that provides this input of a strategy. */
export function feedOf(input: string): Feed | null {
  const [name = input] = input.split(".");
  return feedNamed(name === EACH_BOOK ? BOOK_FEEDS : name);
}

/**
 * The input that a strategy declares to get what this feed provides: an order-book feed is named after its
 * asset.
 */
export function inputOf(name: string): string {
  const asset = assetOf(name);
  return asset === null ? name : bookInput(asset);
}

function assetOf(name: string): string | null {
  const beginning = bookKey("");
  return name.startsWith(beginning) ? name.slice(beginning.length) : null;
}

/** Whether the feed of this name provides this input of a strategy. */
export function brings(name: string, input: string): boolean {
  if (assetOf(name) !== null) return input === EACH_BOOK || input === inputOf(name);
  return input === name || input.startsWith(`${name}.`);
}

/** The built-in and the configured feeds. @throws {Error} that names a feed without a row. */
export function feedsFrom(
  names: readonly string[],
  rows: readonly FeedRow[] = FEED_ROWS,
): readonly Feed[] {
  const builtIn = rows.filter(({ isBuiltIn }) => isBuiltIn).map(({ name }) => name);
  return [...new Set([...builtIn, ...names])].map((name) => {
    const feed = feedNamed(name, rows);
    if (feed !== null) return feed;
    const known = rows.filter((row) => !row.isBuiltIn).map((row) => row.name);
    throw new Error(`feeds: there is no feed '${name}'; there are ${known.join(", ")}`);
  });
}

function readPosture(text: unknown): FeedReading {
  const found = parsePosture(text);
  return { facts: [{ kind: "posture", ...found }], isReadable: found.posture !== "UNKNOWN" };
}

function readIndicator(text: unknown, name: string): FeedReading {
  const found = parseIndicator(text);
  if (found === null) return { facts: [], isReadable: false };
  const labels = parseLabels(text).map(({ label, ...one }) => ({
    kind: "feature" as const,
    name: `${name}.${label}`,
    ...one,
  }));
  return knownFrom(parsePushedMs(text), [{ kind: "feature", name, ...found }, ...labels]);
}

/** Undefined: it does not say when. */
function knownFrom(
  knownMs: number | undefined,
  facts: readonly Exclude<FeedFact, { kind: "posture" }>[],
): FeedReading {
  if (knownMs === undefined) return { facts, isReadable: true };
  return { facts: facts.map((fact) => ({ ...fact, knownMs })), isReadable: true, knownMs };
}

function readBook(text: unknown, name: string): FeedReading {
  const found = parseBook(text);
  if (found === null || bookKey(found.known.asset) !== name)
    return { facts: [], isReadable: false };
  const { asset, asOfMs, book } = found.known;
  const levels = { bids: levelsOf(book.bids), asks: levelsOf(book.asks) };
  return knownFrom(found.pushedMs, [{ kind: "book", asset, asOfMs, ...levels }]);
}

function readFlat(text: unknown, name: string): FeedReading {
  const found = parseFlat(text);
  if (found === null) return { facts: [], isReadable: false };
  const { values, asOfMs } = found;
  const facts = [...values].map(([label, value]) => ({
    kind: "feature" as const,
    name: `${name}.${label}`,
    value,
    asOfMs,
  }));
  return knownFrom(parsePushedMs(text), facts);
}
