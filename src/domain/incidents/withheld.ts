/** Why nobody is notified of an incident now: a code, and its sentence for people. */
import { type Incident, withLine, type WithheldCode } from "./incident.ts";

export type Withheld = { readonly code: WithheldCode; readonly says: string };

/** The sentences that name nothing of the incident. */
const SENTENCES = {
  over: "it does not hold now",
  unconfirmed: "it is not known whether its condition holds",
  cause_awaited: "its cause may still be found",
  flapping: "it is flapping: once in 15 min at the most",
} as const;

export function withheldAs(code: keyof typeof SENTENCES): Withheld {
  return { code, says: SENTENCES[code] };
}

/** The incident with the reason of this moment; a new sentence is a line of its story. */
export function withReason(incident: Incident, reason: Withheld | null, atMs: number): Incident {
  const held = reason?.says ?? null;
  const code = reason?.code ?? null;
  if (held === incident.held && code === heldCodeOf(incident)) return incident;
  const next = {
    ...incident,
    held,
    heldCode: code,
    wasDamped: wasDamped(incident) || code === "flapping",
  };
  return held === null || held === incident.held ? next : withLine(next, atMs, lineOf(held));
}

/** Whether it came and went unreported, because it was flapping. */
export function passedUnreported(incident: Incident): boolean {
  return wasDamped(incident) && heldCodeOf(incident) === "over";
}

/** An older release kept the sentences only. */
function heldCodeOf({ heldCode, held }: Incident): WithheldCode | null {
  return heldCode === undefined && held === SENTENCES.over ? "over" : (heldCode ?? null);
}

function wasDamped({ wasDamped: was, story }: Incident): boolean {
  // Older stories have another word before the sentence.
  return was ?? story.some(({ says }) => says.endsWith(`: ${SENTENCES.flapping}`));
}

function lineOf(says: string): string {
  return `not notified: ${says}`;
}
