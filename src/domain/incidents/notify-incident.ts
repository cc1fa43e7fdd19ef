/**
 * Which channels are notified of an open incident, and when. Invariants: an incident that an open cause excuses, or
 * that is muted, is not sent; a symptom waits for its cause to show; a flapping incident is sent at most once in a
 * quarter of an hour.
 */
import type { Draft } from "./draft.ts";
import { causeText, excuseOf, lingersMs } from "./inhibition.ts";
import type { Incident } from "./incident.ts";
import { NO_DATA_RULE } from "./rules/built-in-rules.ts";
import { channelsOfStep, firstChannels } from "./rules/channels-of.ts";
import type { AlertRule } from "./rules/rule.ts";
import { FLAP_MS } from "./track.ts";
import { type Withheld, withheldAs, withReason } from "./withheld.ts";
import { MS_PER_DAY, MS_PER_MINUTE } from "../time.ts";

/** Causes and symptoms of one fault arrive within this time, in any order. */
export const GROUP_MS = 5_000;
/** After a start causes are not known at first. */
export const RESTART_GROUP_MS = 15_000;

export function notifyIncident(draft: Draft, found: Incident): void {
  const rule = draft.rule(found.rule);
  if (rule === null) return;
  const excuse = excuseOf(draft, found);
  let incident = withCause(draft, found);
  if (excuse !== found.excuse) {
    incident = {
      ...incident,
      excuse,
      excuseEndedMs:
        excuse === null ? draft.clockMs + lingersMs(found.excuse) : found.excuseEndedMs,
    };
  }
  const withheld = reasonToHold(draft, rule, incident);
  incident = withReason(incident, withheld, draft.atMs);
  draft.setIncident(withheld === null ? notifyWhatIsDue(draft, rule, incident) : incident);
}

function withCause(draft: Draft, incident: Incident): Incident {
  const cause = causeText(draft, incident);
  return cause === null || cause === incident.cause ? incident : { ...incident, cause };
}

/** Null: nothing holds it back. */
function reasonToHold(draft: Draft, rule: AlertRule, incident: Incident): Withheld | null {
  if (incident.excuse !== null)
    return { code: "excused", says: `it follows from ${incident.excuse}` };
  const mute = muteOf(draft, rule, incident);
  if (mute !== null) return { code: "muted", says: mute };
  if (incident.state === "firing" && incident.holds !== true && incident.firstToldMs === null) {
    return withheldAs(incident.holds === false ? "over" : "unconfirmed");
  }
  if (incident.firstToldMs === null && mayHaveCause(rule)) {
    const { clockMs, startedMs } = draft;
    const isYoung =
      clockMs - incident.openedMs < GROUP_MS ||
      clockMs - startedMs < RESTART_GROUP_MS ||
      (incident.excuseEndedMs !== null && clockMs - incident.excuseEndedMs < GROUP_MS);
    if (isYoung) return withheldAs("cause_awaited");
  }
  return isDamped(draft, incident) ? withheldAs("flapping") : null;
}

/** An incident that nothing can excuse need not wait. */
function mayHaveCause({ inhibitedBy }: AlertRule): boolean {
  return 0 < inhibitedBy.length;
}

/** Whoever was notified of the first occurrence needs no further notice for a while. */
function isDamped(draft: Draft, { rule, subject, isFlapping }: Incident): boolean {
  const lastNotifiedMs = draft.track(rule, subject)?.toldMs ?? null;
  return isFlapping && lastNotifiedMs !== null && draft.clockMs - lastNotifiedMs < FLAP_MS;
}

function muteOf(draft: Draft, rule: AlertRule, { subject }: Incident): string | null {
  // Who mutes a rule is not told either that it cannot be evaluated.
  const judged = rule.name === NO_DATA_RULE ? draft.rule(subject) : null;
  const unknown = draft.facts.values[`no_data_of.${subject}`];
  const mute = draft.mutes.find(
    (one) =>
      (one.rule === rule.name && (one.subject === null || one.subject === subject)) ||
      (one.rule === judged?.name && (one.subject === null || one.subject === unknown)),
  );
  if (mute !== undefined) return `muted by ${mute.by}: ${mute.reason}`;
  const dayMs = ((draft.atMs % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
  const minute = Math.floor(dayMs / MS_PER_MINUTE);
  const windows = [...rule.muted, ...(judged?.muted ?? [])];
  const isMuted = windows.some(({ fromMinute: from, untilMinute: until }) =>
    from <= until ? from <= minute && minute < until : from <= minute || minute < until,
  );
  return isMuted ? "muted at this time of the day" : null;
}

function notifyWhatIsDue(draft: Draft, rule: AlertRule, incident: Incident): Incident {
  const { clockMs, setup } = draft;
  if (incident.firstToldMs === null) {
    return draft.tell(incident, "fire", firstChannels(rule, setup.channels));
  }
  if (incident.state !== "firing" || incident.holds === false) return incident;
  const step = rule.escalation[incident.escalated];
  if (step !== undefined && step.afterMs <= clockMs - incident.firstToldMs) {
    const channels = channelsOfStep(rule, step, { channels: setup.channels, told: incident.told });
    return { ...draft.tell(incident, "escalate", channels), escalated: incident.escalated + 1 };
  }
  const lastToldMs = incident.lastToldMs ?? incident.firstToldMs;
  const isDue = rule.renotifyMs !== null && rule.renotifyMs <= clockMs - lastToldMs;
  return isDue ? draft.tell(incident, "renotify", incident.told) : incident;
}
