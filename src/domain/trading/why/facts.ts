/** The parts of an explanation: rules in the order in which they were tried, each with its result. */
import type { ScanDecision } from "../decision.ts";
import type { EntryCheck, Figure, Unit } from "../risk/check.ts";

export type Concluded = Pick<ScanDecision, "outcome" | "refusal" | "subject">;

export type Evidence = {
  readonly rule: string;
  /** An input, a limit, an order, an asset or a position, where the rule has one; else empty. */
  readonly subject: string;
  /** Null: shown for information, not compared with anything. */
  readonly passes: boolean | null;
  readonly value: Figure;
  readonly bound: Figure;
  readonly unit: Unit;
  /** The decision if this rule does not pass and all before it do; null where it passes. */
  readonly leads: Concluded | null;
  /** Since when it is so, where the log that was read says; else null. */
  readonly sinceMs: number | null;
  readonly says: string;
};

export const NOTHING = { value: null, bound: null, unit: "none" } as const;

export function outcomeOf(outcome: ScanDecision["outcome"], subject = ""): Concluded {
  return { outcome, refusal: null, subject };
}

/** The first rule that does not pass; null where all pass. */
export function obstacleIn(facts: readonly Evidence[]): Evidence | null {
  return facts.find(({ passes }) => passes === false) ?? null;
}

/** Null where no decision is left to make. */
export function concluded(facts: readonly Evidence[]): Concluded | null {
  const obstacle = obstacleIn(facts);
  return obstacle === null ? outcomeOf("entered") : obstacle.leads;
}

export function factOfCheck(check: EntryCheck, says: string, sinceMs: number | null): Evidence {
  const { rule, subject, refusal, value, bound, unit } = check;
  const leads: Concluded | null =
    refusal === null
      ? null
      : { outcome: "refused", refusal: refusal.reason, subject: refusal.subject };
  return { rule, subject, passes: refusal === null, value, bound, unit, leads, sinceMs, says };
}
