/**
 * Rules: each measures something, compares it with a bound, and refuses with a reason. Invariant: the decision and
 * its explanation ask the same function of the same rule. For a decision a rule allocates no objects, because each
 * entry passes a dozen of them.
 */
import type { RefusalReason } from "../decision.ts";

export type Figure = number | string | boolean | null;
export type Unit = "ms" | "share" | "quote" | "none";

export type Refusal = {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  /** An input, a limit, an order or an asset, where the reason has one; else empty. */
  readonly subject: string;
};

/** Filled in by a rule while it judges. */
export type Measured = { reason: RefusalReason; subject: string; value: Figure; bound: Figure };

export type EntryRule<Case> = {
  readonly reason: RefusalReason;
  /** The subject of the check where its refusal has none; absent: the same. */
  readonly about?: string;
  readonly unit: Unit;
  /** Whether it lets the case pass. It may set another reason than its own. */
  readonly passes: (one: Case, measured: Measured) => boolean;
};

/** The result of one rule: the measured figure, the bound, and the refusal. */
export type EntryCheck = {
  readonly rule: string;
  readonly subject: string;
  /** Null: it lets the entry pass. */
  readonly refusal: Refusal | null;
  readonly value: Figure;
  readonly bound: Figure;
  readonly unit: Unit;
};

/** The first rule that does not let the case pass. */
export function firstRefusal<Case>(rules: readonly EntryRule<Case>[], one: Case): Refusal | null {
  const measured: Measured = { reason: "halted", subject: "", value: null, bound: null };
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at]!;
    measured.reason = rule.reason;
    measured.subject = "";
    if (!rule.passes(one, measured)) return refusalOf(measured);
  }
  return null;
}

/** All rules, including those after one that refuses. */
export function checksOf<Case>(
  rules: readonly EntryRule<Case>[],
  one: Case,
): readonly EntryCheck[] {
  return rules.map(({ reason, about, unit, passes }) => {
    const measured: Measured = { reason, subject: "", value: null, bound: null };
    const refusal = passes(one, measured) ? null : refusalOf(measured);
    const { subject, value, bound } = measured;
    return { rule: measured.reason, subject: about ?? subject, refusal, value, bound, unit };
  });
}

function refusalOf({ reason, subject }: Measured): Refusal {
  return { kind: "refused", reason, subject };
}
