/** Joins the outcomes of several consecutive programs into one day. */
import type { ReplayOutcome } from "../../domain/trading/replay/replay.ts";

export function joinedOutcomes(parts: readonly ReplayOutcome[]): ReplayOutcome {
  const sum = (count: (part: ReplayOutcome) => number) =>
    parts.reduce((total, part) => total + count(part), 0);
  const first = <T>(found: (part: ReplayOutcome) => T | null) =>
    parts.map(found).find((item) => item !== null) ?? null;
  return {
    events: sum((part) => part.events),
    decisions: sum((part) => part.decisions),
    trades: sum((part) => part.trades),
    compared: {
      digests: sum((part) => part.compared.digests),
      trades: sum((part) => part.compared.trades),
      snapshots: sum((part) => part.compared.snapshots),
    },
    undigested: sum((part) => part.undigested),
    undigestedLast: parts.at(-1)?.undigestedLast ?? 0,
    differences: sum((part) => part.differences),
    firstDifference: first((part) => part.firstDifference),
    broker: {
      compared: sum((part) => part.broker.compared),
      differences: sum((part) => part.broker.differences),
      firstDifference: first((part) => part.broker.firstDifference),
    },
    watched: first((part) => part.watched),
  };
}
