/** What an explanation is made of: rules in the order in which they were tried, each as it was judged. */
import type { Decision } from "../decision.ts";
import type { Check, Figure, Unit } from "../risk/check.ts";

export type Concluded = Pick<Decision, "outcome" | "refusal" | "subject">;

export type Fact = {
  readonly rule: string;
  /** An input, a limit, an order, an asset or a position, where the rule is about one; else empty. */
  readonly subject: string;
  /** Null: told for its own sake, and held against nothing. */
  readonly passes: boolean | null;
  readonly value: Figure;
  readonly bound: Figure;
  readonly unit: Unit;
  /** What is decided where this does not pass and everything before it does; null where it passes. */
  readonly leads: Concluded | null;
  /** Since when it is so, where the log that was read tells; else null. */
  readonly sinceMs: number | null;
  readonly says: string;
};

export const NOTHING = { value: null, bound: null, unit: "none" } as const;

export function outcomeOf(outcome: Decision["outcome"], subject = ""): Concluded {
  return { outcome, refusal: null, subject };
}

/** The first rule that holds back: null where nothing stood in the way. */
export function obstacleIn(facts: readonly Fact[]): Fact | null {
  return facts.find(({ passes }) => passes === false) ?? null;
}

/** Null where nothing is decided any more. */
export function concluded(facts: readonly Fact[]): Concluded | null {
  const obstacle = obstacleIn(facts);
  return obstacle === null ? outcomeOf("entered") : obstacle.leads;
}

export function factOfCheck(check: Check, says: string, sinceMs: number | null): Fact {
  const { rule, subject, refusal, value, bound, unit } = check;
  const leads: Concluded | null =
    refusal === null
      ? null
      : { outcome: "refused", refusal: refusal.reason, subject: refusal.subject };
  return { rule, subject, passes: refusal === null, value, bound, unit, leads, sinceMs, says };
}
