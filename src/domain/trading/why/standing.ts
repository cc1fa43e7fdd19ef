/**
 * Conditions that hold independently of the event: the used share of each loss limit, and since when a rule refuses.
 */
import type { EntryCheck } from "../risk/check.ts";
import { lossOf, LOSS_LIMITS } from "../risk/limits.ts";
import type { Trader } from "../state.ts";
import type { Evidence } from "./facts.ts";
import type { Origins } from "./origins.ts";
import { figure } from "./words.ts";

/** Shown for information: a limit that is reached latches, and the latch is the rule. */
export function lossEvidence(trader: Trader): readonly Evidence[] {
  return LOSS_LIMITS.map((limit) => {
    const { lost, allowed } = lossOf(trader, limit);
    const of = limit === "limit_daily_loss" ? "the day's first equity" : "the peak equity";
    return {
      rule: limit,
      subject: "",
      passes: null,
      value: lost,
      bound: allowed,
      unit: "share",
      leads: null,
      sinceMs: null,
      says: `${figure(Math.max(0, lost), "share")} of ${of} is lost, latches at ${figure(allowed, "share")}`,
    };
  });
}

/** Null where nothing refuses, or since before the log that was read. */
export function sinceOf(
  { rule, refusal, subject }: EntryCheck,
  origins: Origins | null,
): number | null {
  if (refusal === null || origins === null) return null;
  switch (rule) {
    case "halted":
      return origins.halted?.atMs ?? null;
    case "latched":
      return origins.latched.get(subject)?.atMs ?? null;
    case "posture_unknown":
    case "posture_hibernate":
      return origins.posture?.atMs ?? null;
    default:
      return null;
  }
}
