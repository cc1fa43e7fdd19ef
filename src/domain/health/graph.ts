/** The dependency graph of services and feeds from the table of services: the way along which a fault spreads. */
import type { ServiceSpec } from "../supervision/services.ts";
import { upstreamFirst } from "../supervision/chosen-services.ts";
import { type FeedSpec, WATCHDOG_NODE } from "./feeds.ts";

export type ServiceNode = {
  readonly name: string;
  readonly layer: string;
  readonly isBridge: boolean;
  /** Services and dependencies, nearest first. */
  readonly dependsOn: readonly string[];
};

export type FeedNode = {
  readonly name: string;
  /** The service that pushes it; null: none of ours. */
  readonly writer: string | null;
  /** The feed that it is made from; null: it comes from outside, or from no feed. */
  readonly from: string | null;
};

export type HealthGraph = {
  /** Upstream first. */
  readonly services: readonly ServiceNode[];
  /** Each one after the feed that it is made from. */
  readonly feeds: readonly FeedNode[];
};

export function healthGraph(
  specs: readonly ServiceSpec[],
  feeds: readonly FeedSpec[],
): HealthGraph {
  const services = upstreamFirst(specs).map(({ name, layer, role, dependsOn, ties }) => ({
    name,
    layer,
    isBridge: role === "bridge",
    dependsOn: [...new Set([...dependsOn, ...Object.keys(ties.needs)])],
  }));
  // It has no dependencies, and no worker keeps it.
  const watchdog = { name: WATCHDOG_NODE, layer: "", isBridge: false, dependsOn: [] };
  const isWatched = feeds.some(({ writer }) => writer === WATCHDOG_NODE);
  return {
    services: isWatched ? [watchdog, ...services] : services,
    feeds: feeds.map(({ name, writer, from }) => ({ name, writer, from })),
  };
}
