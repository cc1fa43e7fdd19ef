import { decisionOf, type Trader } from "../../../domain/trading/trader.ts";

/** Whether the scan that was stepped last came in order: one that came twice or late says nothing of how it went. */
export function isInOrder(trader: Trader): boolean {
  const decision = decisionOf(trader);
  return decision !== null && decision.class !== "late" && decision.class !== "gap";
}
