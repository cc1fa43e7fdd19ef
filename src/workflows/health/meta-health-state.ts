/** The state of metaHealth, as plain JSON carried by continue-as-new; its decisions are in domain/health/recovery. */
import {
  type RecoveryDecision,
  initialRecovery,
  type RecoveryOutcome,
} from "../../domain/health/recovery.ts";
import type { Mode } from "../../domain/supervision/next-step.ts";
import type { DecisionRecord, MetaHealthStatus } from "../../wire/health/meta-health-status.ts";
import { isoFromMs } from "../../domain/time.ts";
import type { MetaHealthState } from "../messages/health.ts";

const DECISIONS_MAX = 20;
const EVIDENCE_SHOWN_MAX = 3;

export function initialMetaHealth(mode: Mode): MetaHealthState {
  return {
    recovery: initialRecovery(mode),
    declared_mode: mode,
    word: "unknown",
    decisions: [],
    transitions: 0,
    restarts: 0,
    would_have: 0,
    held: 0,
    pending: [],
    updated_at: "",
  };
}

export function takeDecisions(
  state: MetaHealthState,
  decisions: readonly RecoveryDecision[],
): void {
  const records = decisions.map((decision) => recordOf(decision, null));
  state.decisions = [...state.decisions, ...records].slice(-DECISIONS_MAX);
  for (const { action } of decisions) {
    // What was decided is not done yet.
    if (action === "restart") continue;
    if (action === "would-restart") state.would_have += 1;
    else state.held += 1;
  }
}

export function takeOutcome(
  state: MetaHealthState,
  id: string,
  { done, says }: RecoveryOutcome,
): void {
  if (done) state.restarts += 1;
  state.decisions = state.decisions.map((record) =>
    record.id === id && record.action === "restart" ? { ...record, outcome: says } : record,
  );
}

export function statusOfMetaHealth(state: MetaHealthState): MetaHealthStatus {
  const { recovery, pending: _pending, ...known } = state;
  const { wakeAtMs } = recovery;
  return {
    ...known,
    mode: recovery.mode,
    decisions: [...state.decisions],
    roots: Object.values(recovery.roots).flatMap(({ root, sinceMs }) =>
      root === null
        ? []
        : [
            {
              id: root.id,
              owner: root.owner,
              since: isoFromMs(sinceMs),
              evidence: root.evidence.slice(0, EVIDENCE_SHOWN_MAX),
            },
          ],
    ),
    next_decision_at: wakeAtMs === null ? null : isoFromMs(wakeAtMs),
  };
}

/** Markdown for the Web UI. */
export function metaHealthText(status: MetaHealthStatus): string {
  const { roots, decisions } = status;
  const cause =
    roots.length === 0
      ? ["No cause is known: nothing to decide."]
      : roots.map(
          ({ id, owner, since, evidence }) =>
            `- **${id}** (${owner}) since ${shortTime(since)}: ${evidence.join("; ")}`,
        );
  const decided = decisions
    .toReversed()
    .map(
      ({ at, root, action, rule, value, threshold, says, outcome }) =>
        `- ${shortTime(at)} ${root}: **${action}**, ${says} ` +
        `(rule ${rule}: ${value}, threshold ${threshold})${outcome === null ? "" : `; ${outcome}`}`,
    );
  return [
    `## ${status.word}, ${status.mode}`,
    ...cause,
    "",
    `${status.transitions} transitions, ${status.restarts} restarts, ${status.would_have} that monitor-only withheld, ` +
      `${status.held} held back. Next decision: ${status.next_decision_at ?? "when something changes"}.`,
    "",
    ...(decided.length === 0 ? [] : ["### Decisions, newest first", ...decided]),
  ].join("\n");
}

function recordOf(decision: RecoveryDecision, outcome: string | null): DecisionRecord {
  const { id, atMs, root, action, target, rule, threshold, value, untilMs, says } = decision;
  return {
    id,
    at: isoFromMs(atMs),
    root,
    action,
    target: target === null ? null : `${target.kind}:${target.name}`,
    rule,
    threshold,
    value,
    until: untilMs === null ? null : isoFromMs(untilMs),
    says,
    outcome,
  };
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}
