/**
 * The table of what a trader hears beside scans: where it stands in Hazelcast, how it is read, and how
 * old it may be. A new input is a row here and a parser beside this file; the trader does the rest.
 */
import type { BookEvent, FeatureEvent, PostureEvent } from "../../domain/trading/events.ts";
import { bookInput, EACH_BOOK, levelsOf } from "../../domain/trading/market/asset-book.ts";
import { MS_PER_HOUR } from "../../domain/time.ts";
import { bookKey, parseBook } from "../order-book/book-values.ts";
import { FEATURES_MAP } from "../scan-value.ts";
import { parsePosture, SAFETY_KEY, SAFETY_MAP } from "../trading/posture-value.ts";
import { parseFlat } from "../indicators/indicator-values.ts";
import { parseIndicator, parseLabels, parsePushedMs } from "./indicator-value.ts";

/** What a value of a feed tells a book, before it has its place in the book's log. */
export type FeedFact =
  | Omit<FeatureEvent, "index" | "nowMs">
  | Omit<BookEvent, "index" | "nowMs">
  | Omit<PostureEvent, "index" | "nowMs">;

export type FeedReading = {
  readonly facts: readonly FeedFact[];
  /** False: what stands there is no value of this feed. The facts say what that means for the book. */
  readonly isReadable: boolean;
  /** When it was told, where it says so; the facts have it, too. */
  readonly knownMs?: number | undefined;
};

/** One row. */
export type FeedRow = {
  /**
   * As the configuration and the facts of a service have it; one that ends with `*` is a row for every
   * name that begins so. A feed of one feature names it like itself, and one of several puts a dot and
   * the rest of the feature's name behind its own.
   */
  readonly name: string;
  readonly map: string;
  /** Null: the feed's own name. */
  readonly key: string | null;
  readonly read: (text: unknown, name: string) => FeedReading;
  /** For an entry, where the book's `age_budgets_s` does not name the input. */
  readonly budgetMs: number;
  /** Of values that follow one another sooner than this the newest is taken, and the others are not. */
  readonly everyMs: number;
  /** In `holds no posture`. */
  readonly what: string;
  /** What comes of a value that can't be read. */
  readonly otherwise: string;
  /** Heard without being configured, and spoken of by the book's state and not as an input. */
  readonly isBuiltIn: boolean;
};

export type Feed = Omit<FeedRow, "key"> & { readonly key: string };

/** One for the order book of each asset. */
const BOOK_FEEDS = bookKey("*");

export const FEED_ROWS: readonly FeedRow[] = [
  {
    name: "posture",
    map: SAFETY_MAP,
    key: SAFETY_KEY,
    read: readPosture,
    budgetMs: 30_000,
    // A posture that closes positions waits for nothing.
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
    // Indicators have paces of their own: `age_budgets_s` names those that this does not fit.
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
    // Each is some hundred bytes of the book's log, and it is looked at when a scan comes.
    everyMs: 2_000,
    what: "order book",
    otherwise: "ignored",
    isBuiltIn: false,
  },
];

/** Of the same name before those that begin so; null where there is no row for it. */
export function feedNamed(name: string, rows: readonly FeedRow[] = FEED_ROWS): Feed | null {
  const row =
    rows.find((one) => one.name === name) ??
    rows.find((one) => one.name.endsWith("*") && name.startsWith(one.name.slice(0, -1)));
  return row === undefined ? null : { ...row, name, key: row.key ?? name };
}

/** The feed that brings this input of a strategy. */
export function feedOf(input: string): Feed | null {
  const [name = input] = input.split(".");
  return feedNamed(name === EACH_BOOK ? BOOK_FEEDS : name);
}

/** What a strategy declares to have what this feed brings: a feed of a book is named after its asset. */
export function inputOf(name: string): string {
  const asset = assetOf(name);
  return asset === null ? name : bookInput(asset);
}

function assetOf(name: string): string | null {
  const beginning = bookKey("");
  return name.startsWith(beginning) ? name.slice(beginning.length) : null;
}

/** Whether the feed of this name brings this input of a strategy. */
export function brings(name: string, input: string): boolean {
  if (assetOf(name) !== null) return input === EACH_BOOK || input === inputOf(name);
  return input === name || input.startsWith(`${name}.`);
}

/** What is built in, and what is configured. @throws {Error} that names the feed of which there is no row. */
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
  return toldAt(parsePushedMs(text), [{ kind: "feature", name, ...found }, ...labels]);
}

/** Undefined: it does not say when. */
function toldAt(
  knownMs: number | undefined,
  facts: readonly Exclude<FeedFact, { kind: "posture" }>[],
): FeedReading {
  if (knownMs === undefined) return { facts, isReadable: true };
  return { facts: facts.map((fact) => ({ ...fact, knownMs })), isReadable: true, knownMs };
}

function readBook(text: unknown, name: string): FeedReading {
  const known = parseBook(text)?.known;
  if (known === undefined || bookKey(known.asset) !== name) return { facts: [], isReadable: false };
  const { asset, asOfMs, book } = known;
  const levels = { bids: levelsOf(book.bids), asks: levelsOf(book.asks) };
  return toldAt(parsePushedMs(text), [{ kind: "book", asset, asOfMs, ...levels }]);
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
  return toldAt(parsePushedMs(text), facts);
}
