/**
 * Requests about incidents over the watchdog's local socket, one JSON line each. They are read without a
 * schema, because the watchdog does not load the schema package.
 */
import type { FactTable } from "../../domain/incidents/facts.ts";
import type { Incident, Mute } from "../../domain/incidents/incident.ts";

export type IncidentRequest =
  | { readonly command: "incidents"; readonly id: string; readonly facts: boolean }
  | {
      readonly command: "acknowledge";
      readonly id: string;
      readonly incident: string;
      readonly by: string;
      readonly via: string;
    }
  | {
      readonly command: "mute";
      readonly id: string;
      readonly rule: string;
      readonly subject: string | null;
      readonly for_ms: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly command: "unmute"; readonly id: string; readonly mute: string; readonly by: string };

/** The field `data` of the answer to `incidents`. */
export type IncidentsAnswer = {
  /** Only the newest of many incidents, with the end of each history; the rest is in the database. */
  readonly incidents: readonly Incident[];
  /** Number of open incidents. */
  readonly open: number;
  readonly mutes: readonly Mute[];
  readonly trouble: string | null;
  readonly rules: readonly string[];
  readonly facts?: FactTable;
};

const TEXT_CHARS_MAX = 500;

/** The request, or a sentence that says why it is not one. */
export function readIncidentRequest(
  fields: Readonly<Record<string, unknown>>,
): IncidentRequest | string {
  const text = (field: string): string | null => {
    const value = fields[field];
    return typeof value === "string" && value !== "" && value.length <= TEXT_CHARS_MAX
      ? value
      : null;
  };
  const { command } = fields;
  const id = text("id");
  if (id === null) return "id: must be a short text";
  if (command === "incidents") return { command, id, facts: fields["facts"] === true };
  const by = text("by");
  if (by === null) return "by: must be a short text";
  if (command === "acknowledge") {
    const incident = text("incident");
    if (incident === null) return "incident: must be the id of one";
    return { command, id, incident, by, via: text("via") ?? "socket" };
  }
  if (command === "unmute") {
    const mute = text("mute");
    return mute === null ? "mute: must be the id of one, or a rule" : { command, id, mute, by };
  }
  if (command !== "mute") return "command: incidents, acknowledge, mute or unmute";
  const rule = text("rule");
  const forMs = fields["for_ms"];
  if (rule === null) return "rule: must be the name of one";
  if (typeof forMs !== "number" || !(0 < forMs)) return "for_ms: must be a positive number";
  const reason = text("reason") ?? "no reason given";
  return { command, id, rule, subject: text("subject"), for_ms: forMs, by, reason };
}

/** Reads an answer of a watchdog of the same program version; null for any other text. */
export function incidentsIn(data: unknown): IncidentsAnswer | null {
  return isAnswer(data) ? data : null;
}

function isAnswer(data: unknown): data is IncidentsAnswer {
  if (typeof data !== "object" || data === null) return false;
  const fields = new Map<string, unknown>(Object.entries(data));
  return Array.isArray(fields.get("incidents")) && Array.isArray(fields.get("mutes"));
}
