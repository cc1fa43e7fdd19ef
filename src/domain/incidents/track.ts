/** What is remembered about a rule and a subject between evaluations; durations by the engine's clock. */
import type { Draft } from "./draft.ts";
import { incidentId, OPEN_MAX, type Track, withLine } from "./incident.ts";
import type { Judgement } from "./rules/expression.ts";
import { firstChannels } from "./rules/channels-of.ts";
import { fixedSubjectOf, type AlertRule } from "./rules/rule.ts";
import { summaryOf } from "./rules/summary.ts";
import { passedUnreported } from "./withheld.ts";

/** A rule that fires again within this time has to be quiet as long before it is resolved. */
export const FLAP_MS = 900_000;
const OPENINGS_MS = 3_600_000;
const OPENINGS_MAX = 16;

export function blankTrack(rule: string, subject: string): Track {
  return {
    rule,
    subject,
    holds: null,
    holdsSinceMs: null,
    clearSinceMs: null,
    unknownSinceMs: null,
    incident: null,
    toldMs: null,
    openings: [],
    lastOpenedAtMs: 0,
  };
}

/** Time in which the condition was unknown counts neither for nor against it. */
export function withJudgement(track: Track, { holds }: Judgement, clockMs: number): Track {
  if (holds === track.holds && (holds !== null || track.unknownSinceMs !== null)) return track;
  if (holds === null) return { ...track, holds, unknownSinceMs: track.unknownSinceMs ?? clockMs };
  const unknownMs = track.unknownSinceMs === null ? 0 : clockMs - track.unknownSinceMs;
  const since = (ms: number | null): number => (ms === null ? clockMs : ms + unknownMs);
  return {
    ...track,
    holds,
    unknownSinceMs: null,
    holdsSinceMs: holds ? since(track.holdsSinceMs) : null,
    clearSinceMs: holds ? null : since(track.clearSinceMs),
  };
}

/** Opens, updates or resolves the incident, depending on the condition. */
export function stepTrack(draft: Draft, rule: AlertRule, track: Track): void {
  const { clockMs, atMs } = draft;
  draft.setTrack(track);
  const incident = draft.incident(track.incident);
  if (incident === null) {
    const isDue = track.holds === true && rule.forMs <= clockMs - (track.holdsSinceMs ?? clockMs);
    if (isDue) open(draft, rule, track);
    return;
  }
  let next = incident;
  if (incident.holds !== track.holds) {
    const says =
      track.holds === null
        ? "its facts are no longer known: it stays open"
        : track.holds
          ? `holds: ${summaryOf(rule, track.subject, draft.facts.values)}`
          : "does not hold now";
    next = withLine({ ...incident, holds: track.holds }, atMs, says);
  }
  const keepMs = incident.isFlapping ? Math.max(FLAP_MS, rule.keepMs) : rule.keepMs;
  const isOver = track.holds === false && keepMs <= clockMs - (track.clearSinceMs ?? clockMs);
  if (isOver) resolve(draft, next, "resolved");
  else draft.setIncident(next);
}

function open(draft: Draft, rule: AlertRule, track: Track): void {
  if (fixedSubjectOf(rule) === null && OPEN_MAX <= draft.incidents().length) {
    draft.untracked += 1;
    return;
  }
  const { clockMs, atMs } = draft;
  const openedAtMs = Math.max(Math.round(atMs), track.lastOpenedAtMs + 1);
  const openings = [...track.openings.filter((ms) => clockMs - ms < OPENINGS_MS), clockMs].slice(
    -OPENINGS_MAX,
  );
  const id = incidentId(rule.name, track.subject, openedAtMs);
  const isFlapping = track.toldMs !== null && clockMs - track.toldMs < FLAP_MS;
  const summary = summaryOf(rule, track.subject, draft.facts.values);
  draft.setTrack({ ...track, incident: id, openings, lastOpenedAtMs: openedAtMs });
  draft.setIncident({
    id,
    rule: rule.name,
    subject: track.subject,
    severity: rule.severity,
    teams: rule.teams,
    state: "firing",
    summary,
    cause: null,
    startedAtMs: openedAtMs,
    resolvedAtMs: null,
    acknowledged: null,
    openedMs: clockMs,
    holds: true,
    number: 0,
    told: [],
    firstToldMs: null,
    lastToldMs: null,
    escalated: 0,
    excuse: null,
    excuseEndedMs: null,
    held: null,
    heldCode: null,
    wasDamped: false,
    isFlapping,
    story: [{ atMs, says: `opened: ${summary}${isFlapping ? " (again: it is flapping)" : ""}` }],
  });
}

/** A channel that was notified of the firing is also notified of the resolution. */
export function resolve(draft: Draft, incident: Parameters<Draft["close"]>[0], says: string): void {
  const { atMs } = draft;
  const closed = withLine({ ...incident, state: "resolved", resolvedAtMs: atMs }, atMs, says);
  const track = draft.track(incident.rule, incident.subject);
  if (track !== null) draft.setTrack({ ...track, incident: null });
  const channels = closed.told.length === 0 ? channelsOfDamped(draft, closed) : closed.told;
  if (channels.length === 0) return draft.close(closed);
  const notified = draft.tell({ ...closed, summary: resolvedText(closed) }, "resolve", channels);
  draft.close({ ...notified, summary: closed.summary });
}

/** An incident that came and went while it was damped is reported once, with its history, when it is over. */
function channelsOfDamped(
  draft: Draft,
  incident: Parameters<Draft["close"]>[0],
): readonly string[] {
  const rule = draft.rule(incident.rule);
  return passedUnreported(incident) && rule !== null
    ? firstChannels(rule, draft.setup.channels)
    : [];
}

const STORY_SHOWN = 6;

function resolvedText({
  summary,
  startedAtMs,
  resolvedAtMs,
  story,
}: Parameters<Draft["close"]>[0]): string {
  const lastedS = Math.max(0, Math.round(((resolvedAtMs ?? startedAtMs) - startedAtMs) / 1_000));
  const lines = story
    .slice(-STORY_SHOWN)
    .map(({ atMs, says }) => `${Math.max(0, Math.round((atMs - startedAtMs) / 1_000))} s: ${says}`);
  return `resolved after ${lastedS} s: ${summary} [${lines.join("; ")}]`;
}
