/**
 * Two flat books exchange their versions: each keeps its cash, its day and its limits, and continues with the other's
 * strategy, whose windows and memory stay warm.
 */
import type { TraderConfiguration } from "../configuration.ts";
import { restoreFrom, snapshotOf, type TraderSnapshot } from "../snapshot/snapshot.ts";
import { whyNotFlat } from "../snapshot/take-version.ts";
import type { Trader } from "../state.ts";
import type { Sides } from "./comparison.ts";

export type Exchange =
  | { readonly kind: "exchanged"; readonly states: Sides<TraderSnapshot> }
  /** A position belongs to its strategy and is not handed over. */
  | { readonly kind: "refused"; readonly reason: string };

/** `after`: what each book runs from now on. Both must have taken the same events. */
export function exchangeVersions(
  { blue, green }: Sides<Trader>,
  after: Sides<TraderConfiguration>,
): Exchange {
  const notFlat = [blue, green].flatMap((trader) => whyNotFlat(trader) ?? []);
  if (notFlat.length > 0) return { kind: "refused", reason: notFlat.join("; ") };
  const states = { blue: handOver(blue, green), green: handOver(green, blue) };
  // Throws here rather than when the book starts.
  restoreFrom(after.blue, states.blue);
  restoreFrom(after.green, states.green);
  return { kind: "exchanged", states };
}

function handOver(book: Trader, version: Trader): TraderSnapshot {
  const mine = snapshotOf(book);
  const { strategy, windows, memory } = snapshotOf(version);
  return { ...mine, strategy, windows, memory };
}
