/**
 * The JSON texts of order books in Hazelcast: `ob_features_latest` with the features of all assets, and
 * `ob_<ASSET>` with the features and levels of one. Both carry `as_of` beside `_pushed_at`, and `source`, which
 * begins with `simulated` where the venue declares itself simulated.
 */
import { createBook, type KnownBook, type BookSide } from "../../domain/order-book/book.ts";
import { bookTrouble, DEPTH } from "../../domain/order-book/book.ts";
import { type BookFeatures } from "../../domain/order-book/features.ts";
import { isoFromMs, msFromIso } from "../../domain/time.ts";
import { jsonRecord } from "../../domain/json-record.ts";
import { pushedMsIn } from "../indicators/indicator-value.ts";

export const LATEST_FEATURES_KEY = "ob_features_latest";

/** Features of one asset. */
export function bookKey(asset: string): string {
  return `ob_${asset}`;
}

/** By their names in Hazelcast. */
export const FEATURE_NAMES = {
  spread_bps: "spreadBps",
  microprice: "microprice",
  imbalance_1: "imbalance1",
  imbalance_5: "imbalance5",
  imbalance_20: "imbalance20",
  depth_bps_10_bid: "depthBps10Bid",
  depth_bps_10_ask: "depthBps10Ask",
  pressure: "pressure",
} as const satisfies Readonly<Record<string, keyof BookFeatures>>;
export type FeatureName = keyof typeof FEATURE_NAMES;

/** One asset's book, to be published. */
export type OrderBookState = KnownBook & {
  readonly features: BookFeatures;
  readonly source: string;
};

export type Pushed = {
  readonly epoch: number;
  readonly instance: string;
  readonly pushedMs: number;
};

export type ParsedBook = {
  readonly known: KnownBook;
  readonly features: ReadonlyMap<FeatureName, number>;
  readonly source: string;
  /** Undefined: it does not say. */
  readonly pushedMs: number | undefined;
};

const TEXT_CHARS_MAX = 65_536;
const LATEST_CHARS_MAX = 2_000_000;

/** Text of `ob_<ASSET>`. */
export function bookText(state: OrderBookState, pushed: Pushed): string {
  return JSON.stringify({
    asset: state.asset,
    ...figures(state, pushed.pushedMs),
    received_at: isoFromMs(state.receivedMs),
    source: state.source,
    bids: levelsOf(state.book.bids),
    asks: levelsOf(state.book.asks),
    ...ends(pushed),
  });
}

/** Text of `ob_features_latest`; its `as_of` is that of the newest book. */
export function latestText(
  states: Iterable<OrderBookState>,
  pushed: Pushed,
  source: string,
): string {
  const byAsset: Record<string, unknown> = {};
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const state of states) {
    byAsset[state.asset] = figures(state, pushed.pushedMs);
    newestMs = Math.max(newestMs, state.asOfMs);
  }
  return JSON.stringify({
    ...byAsset,
    ...(Number.isFinite(newestMs) ? { as_of: isoFromMs(newestMs) } : {}),
    source,
    ...ends(pushed),
  });
}

/** Null: the text is not a book with a time. */
export function parseBook(text: unknown): ParsedBook | null {
  const found = jsonIn(text);
  if (found === null) return null;
  const { asset, as_of, received_at, source } = found;
  const asOfMs = timeIn(as_of);
  const receivedMs = timeIn(received_at);
  if (typeof asset !== "string" || typeof source !== "string") return null;
  if (Number.isNaN(asOfMs) || Number.isNaN(receivedMs)) return null;
  const book = createBook();
  if (!fill(book.bids, found["bids"]) || !fill(book.asks, found["asks"])) return null;
  if (bookTrouble(book) !== null) return null;
  const features = new Map<FeatureName, number>();
  for (const name of Object.keys(FEATURE_NAMES)) {
    const value = found[name];
    if (isFeature(name) && typeof value === "number" && Number.isFinite(value))
      features.set(name, value);
  }
  const known = { asset, asOfMs, receivedMs, book };
  return { known, features, source, pushedMs: pushedMsIn(found) };
}

export function isFeature(name: string): name is FeatureName {
  return Object.hasOwn(FEATURE_NAMES, name);
}

function figures({ features, asOfMs }: OrderBookState, pushedMs: number) {
  return {
    spread_bps: features.spreadBps,
    microprice: features.microprice,
    imbalance_1: features.imbalance1,
    imbalance_5: features.imbalance5,
    imbalance_20: features.imbalance20,
    depth_bps_10_bid: features.depthBps10Bid,
    depth_bps_10_ask: features.depthBps10Ask,
    pressure: features.pressure,
    book_age_ms: Math.max(0, pushedMs - asOfMs),
    as_of: isoFromMs(asOfMs),
  };
}

function ends({ epoch, instance, pushedMs }: Pushed) {
  return { epoch, instance, _pushed_at: isoFromMs(pushedMs) };
}

function levelsOf({ prices, sizes, count }: BookSide): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.min(count, DEPTH) }, (_, at) => [prices[at]!, sizes[at]!]);
}

function fill(side: BookSide, levels: unknown): boolean {
  if (!Array.isArray(levels) || DEPTH < levels.length) return false;
  for (const level of levels as readonly unknown[]) {
    if (!Array.isArray(level)) return false;
    const [price, size]: readonly unknown[] = level;
    if (typeof price !== "number" || typeof size !== "number") return false;
    side.prices[side.count] = price;
    side.sizes[side.count] = size;
    side.count += 1;
  }
  return true;
}

function timeIn(text: unknown): number {
  return typeof text === "string" ? msFromIso(text) : Number.NaN;
}

function jsonIn(
  text: unknown,
  charsMax: number = TEXT_CHARS_MAX,
): Readonly<Record<string, unknown>> | null {
  return typeof text !== "string" || charsMax < text.length ? null : jsonRecord(text);
}

/** The writer of the value under one of our keys; null: the value does not name it. */
export function parseMarker(text: unknown): Pick<Pushed, "epoch" | "instance"> | null {
  const found = jsonIn(text, LATEST_CHARS_MAX);
  const [epoch, instance] = [found?.["epoch"], found?.["instance"]];
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || epoch < 1) return null;
  return { epoch, instance: typeof instance === "string" ? instance : "nobody" };
}
