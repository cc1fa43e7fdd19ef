/** Incidents for a verb: from the watchdog where it runs, else from its database. */
import { randomUUID } from "node:crypto";
import { type KeptIncidents, readIncidents } from "../../adapters/incident-store/read-incidents.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import {
  type IncidentRequest,
  type IncidentsAnswer,
  incidentsIn,
} from "../../wire/alerts/incident-requests.ts";
import { requestOfWatchdog } from "../safety/ask-watchdog.ts";

export type LookedUp = {
  /** Null: the watchdog does not answer. */
  readonly live: IncidentsAnswer | null;
  /** Why not, as a sentence. */
  readonly why: string;
  /** Null: there is no database, or it is unreadable. */
  readonly kept: KeptIncidents | null;
};

export type Ordered = { readonly ok: boolean; readonly says: string };

const ANSWER_WITHIN_MS = 5_000;

/** The caller has to close `kept`. */
export async function lookUpIncidents(dataDir: string, withFacts = false): Promise<LookedUp> {
  const kept = readIncidents(safetyFolder(dataDir));
  try {
    const request: IncidentRequest = { command: "incidents", id: randomUUID(), facts: withFacts };
    const answer = await ask(dataDir, request);
    const live = incidentsIn(answer.data);
    return { live, why: live === null ? answer.detail : "", kept };
  } catch (error) {
    return { live: null, why: messageOf(error), kept };
  }
}

/** When there are many incidents, the watchdog sends only the end of each history: the database has all of it. */
export function withWholeStory(incident: Incident, kept: LookedUp["kept"]): Incident {
  const written = kept?.find(incident.id).find(({ id }) => id === incident.id);
  const isCut = written !== undefined && incident.story.length < written.story.length;
  return isCut ? { ...incident, story: written.story } : incident;
}

type Order = Exclude<IncidentRequest, { command: "incidents" }>;
type Unnamed<T> = T extends unknown ? Omit<T, "id"> : never;

/** To the watchdog alone: nobody else writes. With the same id it is done once. @throws {Error} when it does not answer. */
export async function orderIncidents(
  dataDir: string,
  order: Unnamed<Order>,
  id: string = randomUUID(),
): Promise<Ordered> {
  const { ok, detail } = await ask(dataDir, { ...order, id });
  return { ok, says: detail };
}

async function ask(dataDir: string, request: IncidentRequest) {
  const answer = await requestOfWatchdog(dataDir, request, { withinMs: ANSWER_WITHIN_MS });
  if (answer === null) throw new Error("the watchdog's answer cannot be understood");
  return answer;
}
