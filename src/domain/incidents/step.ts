/**
 * One evaluation: from the previous state and the present facts to the next state and the notifications to send.
 * Pure: the same state, facts and time give the same result, and nothing is decided from time that nobody watched.
 */
import { burnFacts, withObserved } from "./burn-rate.ts";
import { Draft, type Setup, type Stepped } from "./draft.ts";
import type { Fact, Facts, FactTable } from "./facts.ts";
import { type EngineState, SLEPT_MS, STEP_MS_MAX, type Track } from "./incident.ts";
import { BUILT_IN_RULES, NO_DATA_RULE } from "./rules/built-in-rules.ts";
import { judge } from "./rules/expression.ts";
import { fixedSubjectOf, type AlertRule } from "./rules/rule.ts";
import { subjectsIn, type SubjectsOf } from "./rules/subjects.ts";
import { notifyIncident } from "./notify-incident.ts";
import { blankTrack, resolve, stepTrack, withJudgement } from "./track.ts";
import { MS_PER_DAY } from "../time.ts";

export function step(
  state: EngineState,
  { facts, nowMs }: { readonly facts: Facts; readonly nowMs: number },
  setup: Setup,
): Stepped {
  const elapsedMs = watchedMs(state, nowMs);
  const clockMs = state.clockMs + elapsedMs;
  const burn = withObserved(state.burn, { clockMs, elapsedMs, values: facts.values });
  const values = { ...facts.values, ...burnFacts(burn), "incidents.untracked": state.untracked };
  const isAwake = state.lastAtMs === null || nowMs - state.lastAtMs <= SLEPT_MS;
  const before = isAwake ? state : { ...state, startedMs: clockMs };
  const draft = new Draft(before, setup, { facts: { ...facts, values }, atMs: nowMs, clockMs });
  draft.mutes = mutesNow(draft);
  draft.untracked = 0;
  const subjects = subjectsIn(values);
  for (const rule of setup.rules) {
    if (rule.name !== NO_DATA_RULE) stepRule(draft, rule, { subjects, values });
  }
  stepNoData(draft);
  forget(draft);
  for (const incident of draft.incidents()) notifyIncident(draft, incident);
  return draft.done({ burn });
}

/** Watched time since the last step: without jumps of the clock and pauses of the process. */
function watchedMs({ lastAtMs }: EngineState, nowMs: number): number {
  return lastAtMs === null ? 0 : Math.min(STEP_MS_MAX, Math.max(0, nowMs - lastAtMs));
}

/**
 * The subject of an operator's rule whose `*` matches nothing, so that a misspelt name is reported as no data
 * instead of not at all. A built-in rule has no subjects where the part that it is about does not run.
 */
const NOBODY = "*";
const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_RULES.map(({ name }) => name));

function needsSubject({ name, noDataMs }: AlertRule): boolean {
  return noDataMs !== null && !BUILT_IN.has(name);
}

type Looked = { readonly subjects: SubjectsOf; readonly values: FactTable };

function stepRule(draft: Draft, rule: AlertRule, { subjects, values }: Looked): void {
  const found = subjects(rule);
  const tracks = draft.tracksOf(rule.name);
  const all = new Set([...found, ...tracks.map(({ subject }) => subject)]);
  const nobody = tracks.find(({ subject }) => subject === NOBODY);
  if (all.size === 0 && needsSubject(rule)) all.add(NOBODY);
  if (1 < all.size && nobody !== undefined) {
    draft.dropTrack(nobody);
    all.delete(NOBODY);
  }
  for (const subject of all) {
    const judged =
      subject === NOBODY
        ? { holds: null, why: "there is none" }
        : judge(rule.expression, (name) => values[name.replace("*", subject)]);
    const before = draft.track(rule.name, subject) ?? blankTrack(rule.name, subject);
    stepTrack(draft, rule, withJudgement(before, judged, draft.clockMs));
  }
}

/** A rule that cannot be evaluated for long is a fault of its own. */
function stepNoData(draft: Draft): void {
  const rule = draft.rule(NO_DATA_RULE);
  if (rule === null) return;
  const values: Record<string, Fact> = {};
  for (const { name, when, noDataMs } of draft.setup.rules) {
    if (noDataMs === null) continue;
    const unknown = draft
      .tracksOf(name)
      .filter(
        ({ holds, unknownSinceMs }) =>
          holds === null && noDataMs <= draft.clockMs - (unknownSinceMs ?? draft.clockMs),
      );
    values[`no_data.${name}`] = 0 < unknown.length;
    values[`no_data_of.${name}`] = unknown
      .map(({ subject }) => (subject === NOBODY ? `'${when}'` : subject))
      .join(", ");
  }
  const subjects = subjectsIn(values);
  const before = draft.facts;
  draft.facts = { ...before, values: { ...before.values, ...values } };
  stepRule(draft, rule, { subjects, values });
}

/**
 * Forgets rules that no longer exist, and subjects without facts for a day. What a rule names itself is still looked
 * for: forgetting it would end the incident about its missing data, and tell that as a new one each day.
 */
function forget(draft: Draft): void {
  for (const track of draft.tracks()) {
    const rule = draft.rule(track.rule);
    const isGone = rule === null || isForgotten(track, draft.clockMs);
    if (!isGone) continue;
    const incident = draft.incident(track.incident);
    if (incident !== null) {
      resolve(
        draft,
        incident,
        rule === null ? "its rule no longer exists" : "its subject no longer exists",
      );
    }
    if (rule === null) draft.dropTrack(track);
    else forgetSubject(draft, rule, track);
  }
}

/** The last subject of an operator's `*` leaves nobody, unknown for as long. */
function forgetSubject(draft: Draft, rule: AlertRule, track: Track): void {
  const { subject, unknownSinceMs } = track;
  if (subject === NOBODY || fixedSubjectOf(rule) !== null) return;
  draft.dropTrack(track);
  if (!needsSubject(rule) || 0 < draft.tracksOf(rule.name).length) return;
  draft.setTrack({ ...blankTrack(rule.name, NOBODY), unknownSinceMs });
}

function isForgotten({ unknownSinceMs, holds }: Track, clockMs: number): boolean {
  return holds === null && MS_PER_DAY <= clockMs - (unknownSinceMs ?? clockMs);
}

function mutesNow(draft: Draft): Draft["mutes"] {
  const left = draft.mutes.filter(
    ({ untilMs, untilAtMs }) => draft.clockMs < untilMs && draft.atMs < untilAtMs,
  );
  return left.length === draft.mutes.length ? draft.mutes : left;
}
