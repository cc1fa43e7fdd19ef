/** Reads the stored incidents back: only our own code writes them, and their outline is checked all the same. */
import type { EngineState, Incident } from "../../domain/incidents/incident.ts";
import { DamagedError } from "./incident-database.ts";

/** @throws {DamagedError} */
export function keptIncident(body: string): Incident {
  const value = parsed(body);
  if (!isIncident(value)) throw new DamagedError("a row holds no incident");
  return value;
}

/** @throws {DamagedError} */
export function keptEngine(body: string, incidents: readonly Incident[]): EngineState {
  const value = parsed(body);
  if (!isEngine(value)) throw new DamagedError("the engine's row holds no state of one");
  return { ...value, incidents: Object.fromEntries(incidents.map((one) => [one.id, one])) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new DamagedError("a row holds no JSON");
  }
}

function isEngine(value: unknown): value is Omit<EngineState, "incidents"> {
  const { version, clockMs, tracks, mutes, burn } = fieldsOf(value);
  const { minute, minutes, halfHours } = fieldsOf(burn);
  return (
    version === 1 &&
    [clockMs, minute].every((one) => typeof one === "number") &&
    [mutes, minutes, halfHours].every(Array.isArray) &&
    Object.values(fieldsOf(tracks)).every((track) => {
      const { rule, subject, openings } = fieldsOf(track);
      return typeof rule === "string" && typeof subject === "string" && Array.isArray(openings);
    })
  );
}

function isIncident(value: unknown): value is Incident {
  const { id, rule, subject, severity, state, summary, startedAtMs, number, told, story } =
    fieldsOf(value);
  return (
    [id, rule, subject, severity, state, summary].every((one) => typeof one === "string") &&
    [startedAtMs, number].every((one) => typeof one === "number") &&
    [told, story].every(Array.isArray)
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}
