/**
 * The present values of Hazelcast for a page: each book's state, each feed with its times and budget, order books.
 * Read over one connection for all viewers. A value that cannot be read is shown as unknown, never as the last one.
 */
import { jsonRecord } from "../../domain/json-record.ts";
import type { HazelcastHandle } from "../../adapters/hazelcast/hazelcast-client.ts";
import { type FeedSpec, feedTable, POSTURE_FEED, SCAN_FEED } from "../../domain/health/feeds.ts";
import type { BookSide } from "../../domain/order-book/book.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS, US_PER_SECOND } from "../../domain/time.ts";
import { BOOKS, type BookName } from "../../domain/trading/books.ts";
import {
  type FeedTimes,
  storedPosture,
  storedScan,
  storedState,
  storedTimes,
} from "../../wire/health/stored-values.ts";
import { bookKey, LATEST_FEATURES_KEY, parseBook } from "../../wire/order-book/book-values.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";
import { pnlMapOf, STATE_KEY, stateMapOf } from "../../wire/trading/trader-values.ts";

export type FeedState = "fresh" | "old" | "stale" | "never" | "unreadable";

export type FeedView = {
  readonly feed: string;
  readonly map: string;
  readonly key: string;
  /** Its publisher, if it is one of ours or names itself. */
  readonly source: string | null;
  /** When its data was true; null: not stated. */
  readonly asOfMs: number | null;
  readonly pushedMs: number | null;
  /** By `as_of`, or by the push where that is not stated. */
  readonly ageS: number | null;
  readonly budgetS: number;
  readonly staleS: number;
  readonly state: FeedState;
  readonly problem: string | null;
};

/** As the trader pushed it: the page shows the fields that it knows. */
type Fields = Readonly<Record<string, unknown>>;
export type BookValues = {
  readonly book: BookName;
  readonly state: Fields | null;
  /** Ascending, of the last days. */
  readonly days: readonly Fields[];
};

const TEXT_CHARS_MAX = 1_048_576;
const DAYS_SHOWN = 60;
const WAIT_MS = 400;

/** Null: Hazelcast does not answer. */
export async function readFeeds(
  hazelcast: HazelcastHandle,
  specs: readonly ServiceSpec[],
  about: { readonly indicators: readonly string[]; readonly nowUs: number },
): Promise<readonly FeedView[] | null> {
  const all = feedTable(specs, { posture: "watchdog", indicators: about.indicators });
  // A configured indicator may also be an external program's feed: one row for one key.
  const feeds = all.filter(
    ({ map, key }, at) => !all.slice(at + 1).some((one) => one.map === map && one.key === key),
  );
  const found = await read(hazelcast, (client) =>
    Promise.all(
      feeds.map(async ({ map, key }) => (await client.getMap<string, unknown>(map)).get(key)),
    ),
  );
  if (found === null) return null;
  return feeds.map((spec, at) => feedRow(spec, found[at], about.nowUs));
}

/** Null: Hazelcast does not answer. */
export async function readBookValues(
  hazelcast: HazelcastHandle,
  nowUs: number,
): Promise<readonly BookValues[] | null> {
  const days = Array.from({ length: DAYS_SHOWN }, (_, back) =>
    dayFromMicros(nowUs - (DAYS_SHOWN - 1 - back) * MS_PER_DAY * US_PER_MS),
  );
  return read(hazelcast, (client) =>
    Promise.all(
      BOOKS.map(async (book) => {
        const states = await client.getMap<string, unknown>(stateMapOf(book));
        const pnl = await client.getMap<string, unknown>(pnlMapOf(book));
        const [state, entries] = await Promise.all([states.get(STATE_KEY), pnl.getAll(days)]);
        const byDay = new Map(entries);
        return {
          book,
          state: fieldsIn(state),
          days: days.flatMap((day) => {
            const fields = fieldsIn(byDay.get(day));
            return fields === null ? [] : [fields];
          }),
        };
      }),
    ),
  );
}

export type BookLevels = {
  readonly asset: string;
  readonly asOfMs: number;
  readonly source: string;
  /** Price and size, best first. */
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
};

/** The features of all order books, by asset, and one asset's levels. Null: Hazelcast does not answer. */
export async function readOrderBooks(
  hazelcast: HazelcastHandle,
  asset: string | null,
): Promise<{ readonly features: Fields | null; readonly book: BookLevels | null } | null> {
  return read(hazelcast, async (client) => {
    const map = await client.getMap<string, unknown>(FEATURES_MAP);
    const [features, book] = await Promise.all([
      map.get(LATEST_FEATURES_KEY),
      asset === null ? null : map.get(bookKey(asset)),
    ]);
    return { features: fieldsIn(features), book: levelsIn(book) };
  });
}

function levelsIn(text: unknown): BookLevels | null {
  const parsed = parseBook(text);
  if (parsed === null) return null;
  const { asset, asOfMs, book } = parsed.known;
  return {
    asset,
    asOfMs,
    source: parsed.source,
    bids: pairsOf(book.bids),
    asks: pairsOf(book.asks),
  };
}

function pairsOf({ prices, sizes, count }: BookSide): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, at) => [prices[at]!, sizes[at]!] as const);
}

async function read<T>(
  hazelcast: HazelcastHandle,
  ask: (client: HazelcastHandle["client"]) => Promise<T>,
): Promise<T | null> {
  try {
    if (!hazelcast.connected() && !(await hazelcast.waitConnected(WAIT_MS))) return null;
    return await hazelcast.call("read for the dashboard", () => ask(hazelcast.client));
  } catch {
    return null;
  }
}

function feedRow(spec: FeedSpec, found: unknown, nowUs: number): FeedView {
  const { name: feed, map, key, budgetS, staleS } = spec;
  const times = timesIn(feed, spec, found);
  const said = fieldsIn(found)?.["source"];
  const source = typeof said === "string" ? said : spec.writer;
  const row = { feed, map, key, source, budgetS, staleS, problem: null };
  const none = { asOfMs: null, pushedMs: null, ageS: null };
  if (times.kind === "nothing") return { ...row, ...none, state: "never" };
  if (times.kind !== "value") return { ...row, ...none, state: "unreadable", problem: times.why };
  const { asOfUs, pushedUs, budgets } = times.value;
  const ageS = ageOf(asOfUs ?? pushedUs, nowUs);
  const bounds = budgets ?? { budgetS, staleS };
  return {
    ...row,
    ...bounds,
    asOfMs: inMs(asOfUs),
    pushedMs: inMs(pushedUs),
    ageS,
    state:
      ageS === null || bounds.staleS < ageS ? "stale" : bounds.budgetS < ageS ? "old" : "fresh",
  };
}

function timesIn(feed: string, { map }: FeedSpec, found: unknown): ReturnType<typeof storedTimes> {
  if (feed === SCAN_FEED) {
    const scan = storedScan(found);
    if (scan.kind !== "value") return scan;
    return {
      kind: "value",
      value: only({ asOfUs: scan.value.timestampUs, pushedUs: scan.value.bridgeUs }),
    };
  }
  if (feed === POSTURE_FEED) {
    const posture = storedPosture(found);
    if (posture.kind !== "value") return posture;
    return { kind: "value", value: only({ asOfUs: posture.value.tsUs }) };
  }
  if (BOOKS.some((book) => map === stateMapOf(book))) {
    const state = storedState(found);
    if (state.kind !== "value") return state;
    return { kind: "value", value: only({ pushedUs: state.value.updatedUs }) };
  }
  return storedTimes(found);
}

function only(times: Partial<FeedTimes>): FeedTimes {
  return { asOfUs: null, pushedUs: null, ...times };
}

function ageOf(us: number | null, nowUs: number): number | null {
  return us === null || !Number.isFinite(us) ? null : Math.max(0, (nowUs - us) / US_PER_SECOND);
}

function inMs(us: number | null): number | null {
  return us === null || !Number.isFinite(us) ? null : us / US_PER_MS;
}

function fieldsIn(text: unknown): Fields | null {
  return typeof text === "string" && text.length <= TEXT_CHARS_MAX ? jsonRecord(text) : null;
}
