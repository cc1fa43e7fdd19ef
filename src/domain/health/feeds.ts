/** The table of the feeds in Hazelcast whose age is watched, each with its own budget. */
import { bridgeService, type ServiceSpec, traderOf } from "../supervision/services.ts";
import { COUNTED_BOOK } from "../trading/books.ts";

export type FeedSpec = {
  readonly name: string;
  readonly map: string;
  readonly key: string;
  readonly budgetS: number;
  readonly staleS: number;
  /** Whether its source is a service of ours. */
  readonly isOurs: boolean;
  /** The service that pushes it; null: an external program, and the feed is watched from its first appearance. */
  readonly writer: string | null;
  readonly from: string | null;
};

export const SCAN_FEED = "scan";
export const POSTURE_FEED = "safety";
const FEATURES = "DOLPHIN_FEATURES";

export function stateFeedOf(book: string): string {
  return `state ${book}`;
}

/** The watchdog as a node among the services of a sample: no supervisor keeps it, and it publishes the posture. */
export const WATCHDOG_NODE = "watchdog";

/**
 * Feeds of the existing services; `posture`: its publisher; `indicators`: keys of the configured ones, whose budgets
 * are in their values.
 */
export function feedTable(
  specs: readonly ServiceSpec[],
  about: {
    readonly posture: "watchdog" | "trader" | "nobody";
    readonly indicators?: readonly string[];
  },
): readonly FeedSpec[] {
  const { posture: publisher, indicators = [] } = about;
  const scan: FeedSpec = {
    name: SCAN_FEED,
    ...place(FEATURES, "latest_eigen_scan", 30, 120),
    isOurs: false,
    writer: bridgeService().name,
    from: null,
  };
  const posture: FeedSpec = {
    name: POSTURE_FEED,
    ...place("DOLPHIN_SAFETY", "latest", 30, 120),
    isOurs: true,
    writer: publisher === "watchdog" ? WATCHDOG_NODE : traderOf(COUNTED_BOOK).name,
    from: null,
  };
  const states = specs.flatMap(({ name, role, book }): FeedSpec[] =>
    role !== "trader" || book === null
      ? []
      : [
          {
            name: stateFeedOf(book),
            ...place(`DOLPHIN_STATE_${book}`, "latest_nautilus", 60, 180),
            isOurs: true,
            writer: name,
            // It is pushed after each scan.
            from: SCAN_FEED,
          },
        ],
  );
  // Where our streamer is not in use, an external program may write them.
  const streamer = specs.find(({ role, autostart }) => role === "streamer" && autostart);
  const readings = indicators.map((key) => ofOthers(key, place(FEATURES, key, 900, 3_600)));
  return [
    scan,
    ...(publisher === "nobody" ? [] : [posture]),
    ...states,
    // Each of our indicators has its own interval, so the newest time over all of them says nothing.
    ...OF_OTHERS.filter(({ name }) => name !== ALL_INDICATORS || readings.length === 0).map(
      (feed) => (feed.name === ORDER_BOOKS ? { ...feed, writer: streamer?.name ?? null } : feed),
    ),
    ...readings,
  ];
}

const ALL_INDICATORS = "exf";
const ORDER_BOOKS = "order book";
const OF_OTHERS: readonly FeedSpec[] = [
  ofOthers(ORDER_BOOKS, place(FEATURES, "ob_features_latest", 10, 30)),
  ofOthers(ALL_INDICATORS, place(FEATURES, "exf_latest", 900, 3_600)),
  ofOthers("esof", place(FEATURES, "esof_latest", 900, 3_600)),
];

/** Whether an external program writes it. */
export function isBesideUs(name: string): boolean {
  return OF_OTHERS.some((one) => one.name === name);
}

function ofOthers(name: string, at: ReturnType<typeof place>): FeedSpec {
  return { name, ...at, isOurs: false, writer: null, from: null };
}

function place(map: string, key: string, ...[budgetS, staleS]: [number, number]) {
  return { map, key, budgetS, staleS };
}

/** A feed whose service should not run is not missed, except scans, which others read too. */
export function missedFeeds(
  feeds: readonly FeedSpec[],
  isWanted: (service: string) => boolean,
): readonly FeedSpec[] {
  return feeds.filter(
    ({ name, writer }) => writer === null || name === SCAN_FEED || isWanted(writer),
  );
}
