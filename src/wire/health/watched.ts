/** What health watches, and the dependencies between these, from the configuration. */
import { type FeedSpec, feedTable } from "../../domain/health/feeds.ts";
import { type HealthGraph, healthGraph } from "../../domain/health/graph.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import type { Configuration } from "../configuration.ts";
import { indicatorKey, isEsoteric } from "../indicators/indicator-values.ts";
import { configuredServices } from "../declared/configured-services.ts";

export type Watched = {
  readonly specs: readonly ServiceSpec[];
  readonly feeds: readonly FeedSpec[];
  readonly graph: HealthGraph;
};

export function watchedBy(
  config: Pick<
    Configuration,
    "services" | "books" | "supervision" | "safety" | "indicators" | "order_book"
  >,
): Watched {
  const specs = Object.values(configuredServices(config));
  const { watchdog, posture } = config.safety;
  const publisher = watchdog ? "watchdog" : posture === null ? "nobody" : "trader";
  // `esof_latest` is watched whoever pushes it.
  const indicators = Object.keys(config.indicators).filter((name) => !isEsoteric(name));
  const feeds = feedTable(specs, {
    posture: publisher,
    indicators: indicators.map((name) => indicatorKey(name)),
  });
  return { specs, feeds, graph: healthGraph(specs, feeds) };
}
