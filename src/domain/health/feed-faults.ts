/** Old feeds: the first fault on a feed's way is its cause, else its source. */
import { type Faults, isOld, nothing, rootId, type SampledService } from "./faults.ts";
import type { FeedNode } from "./graph.ts";
import { ageText } from "./sensors/reading.ts";
import { isStopped, nearestRoot, stoppedRoot } from "./service-faults.ts";

export function feedFaults(faults: Faults): void {
  for (const node of faults.graph.feeds) {
    const feed = faults.feed(node.name);
    if (feed === null || !isOld(feed)) continue;
    const says = `${node.name} is ${ageText(feed.ageS ?? 0)} old (budget ${feed.budgetS} s)`;
    const of = causeOf(faults, node, says);
    if (of !== null) faults.symptom({ subject: node.name, says, of });
  }
}

/** Null: nothing can be concluded yet. */
function causeOf(faults: Faults, node: FeedNode, says: string): string | null {
  // A service has reported it already, by its own clock.
  const upstream = rootId("upstream", node.name);
  if (faults.roots.has(upstream)) return upstream;
  if (faults.roots.has("clock:clock")) return "clock:clock";
  const writer = node.writer === null ? null : faults.service(node.writer);
  // It is still starting, so its effect is not known.
  if (writer?.seen.phase === "starting") return null;
  const onTheWay = writer === null ? null : writerFault(faults, writer);
  if (onTheWay !== null) return onTheWay;
  // The feed that it is made from comes earlier in the table.
  const from = node.from === null ? null : faults.rootOf(node.from);
  if (from !== null) return from;
  if (faults.feed(node.name)?.isOurs === true) {
    const because =
      "its process works in other respects, and nothing suggests that a restart would help";
    return faults.root({
      kind: "values",
      subject: `${node.name} feed`,
      owner: "ours",
      says,
      remedy: nothing(because),
    });
  }
  const remedy = nothing("it recovers by itself when its source continues");
  return faults.root({
    kind: "upstream",
    subject: node.name,
    owner: "upstream",
    says: `Stale (upstream): ${says}`,
    remedy,
  });
}

/** The fault of a service on the way, or of one of its dependencies. */
function writerFault(faults: Faults, { node, seen }: SampledService): string | null {
  if (isStopped(seen)) return stoppedRoot(faults, node.name);
  return faults.rootOf(node.name) ?? nearestRoot(faults, node);
}
