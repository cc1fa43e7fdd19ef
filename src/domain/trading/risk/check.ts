/**
 * Rules: each measures something, holds it against a bound, and refuses with a reason.
 *
 * Invariant: whoever judges and whoever explains asks the same function of the same rule. Where nobody asks
 * why, a rule makes no objects: an entry passes a dozen of them.
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

/** What a rule writes down while it judges. */
export type Measured = { reason: RefusalReason; subject: string; value: Figure; bound: Figure };

export type Rule<Case> = {
  readonly reason: RefusalReason;
  /** What the check is about where its refusal has no subject; left out: the same. */
  readonly about?: string;
  readonly unit: Unit;
  /** Whether it lets the case through. It may name another reason than its own. */
  readonly passes: (one: Case, measured: Measured) => boolean;
};

/** One rule as it was judged: what it looked at, what it holds it against, and what it refuses with. */
export type Check = {
  readonly rule: string;
  readonly subject: string;
  /** Null: it lets the entry through. */
  readonly refusal: Refusal | null;
  readonly value: Figure;
  readonly bound: Figure;
  readonly unit: Unit;
};

/** The first that does not let the case through. */
export function firstRefusal<Case>(rules: readonly Rule<Case>[], one: Case): Refusal | null {
  const measured: Measured = { reason: "halted", subject: "", value: null, bound: null };
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at]!;
    measured.reason = rule.reason;
    measured.subject = "";
    if (!rule.passes(one, measured)) return refusalOf(measured);
  }
  return null;
}

/** All of them, also those after one that refuses. */
export function checksOf<Case>(rules: readonly Rule<Case>[], one: Case): readonly Check[] {
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
