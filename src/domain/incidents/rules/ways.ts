/**
 * The dependencies of a fact on its way to the watchdog: the servers and layers whose outage makes the fact missing or
 * wrong. Other outages explain nothing about it.
 */
import { feedTable, type FeedSpec } from "../../health/feeds.ts";
import { LAYERS, SERVICES } from "../../supervision/services.ts";
import { segmentOf } from "../facts.ts";

export type Ways = {
  /** Rules of servers, and of health. */
  readonly causes: readonly string[];
  readonly layers: readonly string[];
};

const HAZELCAST = "hazelcast_down";
const TEMPORAL = "temporal_down";
const HEALTH = "health_silent";

const NONE: Ways = { causes: [], layers: [] };
const BY_HEALTH: Ways = { causes: [HEALTH], layers: ["health"] };
/** The watchdog asks the machine itself. */
const OF_MACHINE: ReadonlySet<string> = new Set([
  "crashed",
  "end",
  "runs",
  "rss_mb",
  "rss_warn_mb",
  "cpu_percent",
  "cpu_alert_percent",
]);
const LAYER_OF: ReadonlyMap<string, string> = new Map(
  Object.values(SERVICES).map(({ name, layer }) => [segmentOf(name), layer]),
);
const FEEDS: ReadonlyMap<string, FeedSpec> = new Map(
  feedTable(Object.values(SERVICES), { posture: "watchdog" }).map((feed) => [
    segmentOf(feed.name),
    feed,
  ]),
);
const OF_INDICATORS = /^(exf|esof)(_|$)/;
const OBJECTIVE_FEED: Readonly<Record<string, string>> = { scan_age: "scan" };

/** A `*` in a name stands for each existing one. */
export function waysOf(names: readonly string[]): Ways {
  const all = names.map(wayOf);
  return {
    causes: [...new Set(all.flatMap(({ causes }) => causes))],
    layers: [...new Set(all.flatMap(({ layers }) => layers))],
  };
}

function wayOf(name: string): Ways {
  const [kind = "", subject = "", fact = ""] = name.split(".");
  switch (kind) {
    case "service": {
      const layers = subject === "*" ? [...new Set(LAYER_OF.values())] : known(LAYER_OF, subject);
      if (OF_MACHINE.has(fact)) return { causes: [], layers };
      return { causes: [HAZELCAST, TEMPORAL, HEALTH], layers: [...layers, "health"] };
    }
    case "feed":
      return wayOfFeed(subject);
    case "objective":
      return wayOfFeed(OBJECTIVE_FEED[subject] ?? subject);
    case "trader":
      return { causes: [], layers: ["trader"] };
    case "worker":
      return { causes: [TEMPORAL, HEALTH], layers: ["health", ...layersNamed(subject)] };
    case "archive":
      return { causes: [HAZELCAST, TEMPORAL, HEALTH], layers: ["scan", "health"] };
    case "upstream":
      return { causes: [HAZELCAST, HEALTH], layers: ["health"] };
    case "schedule":
    case "parity":
    case "drift":
      return { causes: [TEMPORAL], layers: ["health"] };
    case "temporal":
    case "clock":
      return BY_HEALTH;
    case "health":
      // Only the watchdog itself detects that it is silent.
      return subject === "silent_s" ? { causes: [], layers: ["health"] } : BY_HEALTH;
    default:
      // Facts of the watchdog's own, and unknown ones.
      return NONE;
  }
}

function wayOfFeed(segment: string): Ways {
  const feed = FEEDS.get(segment);
  const layers = segment === "*" ? LAYERS : layersOfFeed(segment, feed);
  const isScheduled = segment === "*" || OF_INDICATORS.test(segment);
  const causes = [HAZELCAST, HEALTH, ...(isScheduled ? [TEMPORAL] : [])];
  return { causes, layers: [...new Set([...layers, "health"])] };
}

/** The dependencies of its writer, and of its sources. */
function layersOfFeed(segment: string, feed: FeedSpec | undefined): readonly string[] {
  if (OF_INDICATORS.test(segment)) return ["indicators"];
  if (feed === undefined) return [];
  const own = feed.writer === null ? [] : known(LAYER_OF, segmentOf(feed.writer));
  const from = feed.from === null ? undefined : FEEDS.get(segmentOf(feed.from));
  return from === undefined ? own : [...own, ...layersOfFeed(segmentOf(from.name), from)];
}

function layersNamed(subject: string): readonly string[] {
  return subject === "*" ? LAYERS : [subject];
}

function known(table: ReadonlyMap<string, string>, name: string): readonly string[] {
  const found = table.get(name);
  return found === undefined ? [] : [found];
}
