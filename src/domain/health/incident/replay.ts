/**
 * What a policy would have done on recorded health. Its restarts do not change the recording: the figures say how
 * often it would have acted, not what that would have mended.
 */
import type { Mode } from "../../supervision/next-step.ts";
import { MS_PER_SECOND } from "../../time.ts";
import type { Diagnosis } from "../diagnose.ts";
import { decide, type RecoveryDecision, initialRecovery } from "../recovery.ts";
import { type RecoveryPolicy, type RecoveryRule, secondsOf } from "../recovery-rules.ts";

export type RecordedHealth = {
  readonly atMs: number;
  readonly diagnosis: Diagnosis;
  /** The services that ran at that time. */
  readonly services: readonly string[];
};

export type ReplayedPolicy =
  | { readonly kind: "causes"; readonly policy: RecoveryPolicy }
  /** The first generation's policy: restarts all services as long as the product of the sensors is low. */
  | { readonly kind: "rm-meta"; readonly below: number; readonly everyMs: number };

export type IncidentOutcome = {
  readonly restarts: Readonly<Record<string, number>>;
  readonly total: number;
  /** Number of times at which somebody would have been notified. */
  readonly alerts: number;
  /** How often each rule held an action back. */
  readonly held: Readonly<Partial<Record<RecoveryRule, number>>>;
  /** The first twenty at most. */
  readonly first: readonly { readonly atMs: number; readonly says: string }[];
};

const FIRST_MAX = 20;
/** A record without a successor counts for the interval of one sample. */
const LAST_MS = 5 * MS_PER_SECOND;

/** Records ascend by time. */
export function replayIncident(
  records: readonly RecordedHealth[],
  replayed: ReplayedPolicy,
): IncidentOutcome {
  return replayed.kind === "causes"
    ? byCauses(records, replayed.policy)
    : byProduct(records, replayed);
}

export type DecidedOn = {
  readonly decisions: readonly RecoveryDecision[];
  /** Times at which a cause appeared. */
  readonly alerts: number;
};

/** Records ascend by time. */
export function decisionsOn(
  records: readonly RecordedHealth[],
  { policy, mode }: { readonly policy: RecoveryPolicy; readonly mode: Mode },
): DecidedOn {
  let state = initialRecovery(mode);
  let known: ReadonlySet<string> = new Set();
  let alerts = 0;
  const decisions: RecoveryDecision[] = [];
  const take = (atMs: number, diagnosis: Diagnosis | null): void => {
    const decided = decide(state, { atMs, diagnosis, healthAgeMs: 0 }, policy);
    state = decided.state;
    decisions.push(...decided.decisions);
  };
  for (const [index, { atMs, diagnosis }] of records.entries()) {
    take(atMs, diagnosis);
    const ids = new Set(diagnosis.roots.map(({ id }) => id));
    alerts += [...ids].filter((id) => !known.has(id)).length;
    known = ids;
    const untilMs = records[index + 1]?.atMs ?? atMs + LAST_MS;
    while (state.wakeAtMs !== null && state.wakeAtMs < untilMs) take(state.wakeAtMs, null);
  }
  return { decisions, alerts };
}

/** How often each target would have been acted on, and each rule would have held back. */
export function countsOf(
  decisions: readonly RecoveryDecision[],
): Pick<IncidentOutcome, "restarts" | "held"> {
  const restarts: Record<string, number> = {};
  const held: Partial<Record<RecoveryRule, number>> = {};
  for (const { action, rule, target } of decisions) {
    if (action === "hold") held[rule] = (held[rule] ?? 0) + 1;
    else if (target !== null) restarts[target.name] = (restarts[target.name] ?? 0) + 1;
  }
  return { restarts, held };
}

function byCauses(records: readonly RecordedHealth[], policy: RecoveryPolicy): IncidentOutcome {
  const { decisions, alerts } = decisionsOn(records, { policy, mode: "auto" });
  const total = decisions.filter(({ action }) => action !== "hold").length;
  const first = decisions.slice(0, FIRST_MAX).map(({ atMs, says }) => ({ atMs, says }));
  return { ...countsOf(decisions), total, alerts, first };
}

function byProduct(
  records: readonly RecordedHealth[],
  { below, everyMs }: Extract<ReplayedPolicy, { kind: "rm-meta" }>,
): IncidentOutcome {
  const restarts: Record<string, number> = {};
  const first: { atMs: number; says: string }[] = [];
  let total = 0;
  let alerts = 0;
  let wasLow = false;
  for (const [index, { atMs, diagnosis, services }] of records.entries()) {
    const { rmMeta } = diagnosis;
    const isLow = rmMeta !== null && rmMeta < below;
    if (isLow && !wasLow) alerts += 1;
    wasLow = isLow;
    if (!isLow) continue;
    const lastsMs = (records[index + 1]?.atMs ?? atMs + LAST_MS) - atMs;
    const times = Math.ceil(lastsMs / everyMs);
    for (const service of services) restarts[service] = (restarts[service] ?? 0) + times;
    total += times * services.length;
    const says =
      `rm_meta ${rmMeta} is below ${below}: restarts ${services.join(", ")} ` +
      `every ${secondsOf(everyMs)} s, ${times} times`;
    if (first.length < FIRST_MAX) first.push({ atMs, says });
  }
  return { restarts, total, alerts, held: {}, first };
}
