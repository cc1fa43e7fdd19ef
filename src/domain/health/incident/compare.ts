/** Compares two recovery policies on the same recorded health: what each would have done, and where they differ. */
import type { Mode } from "../../supervision/next-step.ts";
import type { RecoveryDecision } from "../recovery.ts";
import type { RecoveryPolicy, RecoveryRule } from "../recovery-rules.ts";
import { countsOf, decisionsOn, type DecidedOn, type RecordedHealth } from "./replay.ts";
import type { Both } from "./records.ts";

export type RecoveryPlan = { readonly policy: RecoveryPolicy; readonly mode: Mode };

export type PlannedOutcome = {
  /** By service or server; in monitor-only mode they would only have been logged. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly total: number;
  readonly mode: Mode;
  readonly alerts: number;
  readonly held: Readonly<Partial<Record<RecoveryRule, number>>>;
};

export type ActAlone = {
  readonly atMs: number;
  readonly root: string;
  readonly rule: RecoveryRule;
  readonly says: string;
};

export type PolicyComparison = {
  readonly outcomes: Both<PlannedOutcome>;
  /** Restarts that the other policy would not have made at that time. */
  readonly only: Both<readonly ActAlone[]>;
};

export function comparePlans(
  records: Both<readonly RecordedHealth[]>,
  plans: Both<RecoveryPlan>,
): PolicyComparison {
  const now = decisionsOn(records.now, plans.now);
  const next = decisionsOn(records.next, plans.next);
  return {
    outcomes: { now: outcomeOf(now, plans.now), next: outcomeOf(next, plans.next) },
    only: {
      now: actsWithout(now.decisions, next.decisions),
      next: actsWithout(next.decisions, now.decisions),
    },
  };
}

function outcomeOf({ decisions, alerts }: DecidedOn, { mode }: RecoveryPlan): PlannedOutcome {
  const total = decisions.filter(({ action }) => action !== "hold").length;
  return { ...countsOf(decisions), total, mode, alerts };
}

function actsWithout(
  some: readonly RecoveryDecision[],
  others: readonly RecoveryDecision[],
): readonly ActAlone[] {
  const known = new Set(others.filter(isAct).map(keyOf));
  return some
    .filter((one) => isAct(one) && !known.has(keyOf(one)))
    .map(({ atMs, root, rule, says }) => ({ atMs, root, rule, says }));
}

function isAct({ action }: RecoveryDecision): boolean {
  return action !== "hold";
}

function keyOf({ id, action }: RecoveryDecision): string {
  return `${action} ${id}`;
}
