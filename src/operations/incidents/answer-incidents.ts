/** Answers requests about incidents on the watchdog's local socket. */
import type { Incident } from "../../domain/incidents/incident.ts";
import type { Facts } from "../../domain/incidents/facts.ts";
import type { AlertRule } from "../../domain/incidents/rules/rule.ts";
import { type IncidentsAnswer, readIncidentRequest } from "../../wire/alerts/incident-requests.ts";
import type { IncidentsPort } from "./incidents-port.ts";

export type AnswerIncidentsDeps = {
  readonly incidents: IncidentsPort;
  readonly rules: readonly AlertRule[];
  readonly facts: () => Facts;
  readonly nowMs: number;
};

/** So that the answer, with facts, stays below the reader's limit. */
const SHOWN_MAX = 500;
const SHOWN_CHARS_MAX = 400_000;
const STORY_LINES_SHOWN = 3;

/** In the order in which they were opened. */
export function shownOf(open: readonly Incident[]): readonly Incident[] {
  const newest = open.slice(-SHOWN_MAX).toReversed();
  const isWhole = open.length <= SHOWN_MAX && charsOf(newest) <= SHOWN_CHARS_MAX;
  if (isWhole) return open;
  let left = SHOWN_CHARS_MAX;
  const shown = newest
    .map((one) => ({ ...one, story: one.story.slice(-STORY_LINES_SHOWN) }))
    .filter((one) => 0 <= (left -= charsOf(one)));
  return shown.toReversed();
}

function charsOf(value: unknown): number {
  return JSON.stringify(value).length;
}

/** In the format of the watchdog's answers. */
export function answerIncidents(
  { incidents, rules, facts, nowMs }: AnswerIncidentsDeps,
  fields: Readonly<Record<string, unknown>>,
) {
  const request = readIncidentRequest(fields);
  if (typeof request === "string") {
    const id = typeof fields["id"] === "string" ? fields["id"] : "";
    return { id, ok: false, detail: request, safety: null };
  }
  const { id } = request;
  if (request.command === "incidents") {
    const open = incidents.open();
    const data: IncidentsAnswer = {
      incidents: shownOf(open),
      open: open.length,
      mutes: incidents.mutes(),
      trouble: incidents.trouble(),
      rules: rules.map(({ name }) => name),
      ...(request.facts ? { facts: facts().values } : {}),
    };
    return { id, ok: true, detail: `${open.length} open`, safety: null, data };
  }
  const { ok, says } = carryOut(incidents, request, nowMs);
  return { id, ok, detail: says, safety: null };
}

function carryOut(
  incidents: IncidentsPort,
  request: Exclude<
    Exclude<ReturnType<typeof readIncidentRequest>, string>,
    { command: "incidents" }
  >,
  nowMs: number,
) {
  switch (request.command) {
    case "acknowledge":
      return incidents.acknowledge(request, nowMs);
    case "mute":
      return incidents.mute({ ...request, forMs: request.for_ms, request: request.id }, nowMs);
    case "unmute":
      return incidents.unmute({ id: request.mute, by: request.by, request: request.id }, nowMs);
  }
}
