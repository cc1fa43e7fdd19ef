/** The database of incidents for readers other than the watchdog: read-only, whoever else writes. */
import type { EngineState, Incident, Mute } from "../../domain/incidents/incident.ts";
import { incidentsFile, openIncidentsToRead } from "./incident-database.ts";
import { keptEngine, keptIncident } from "./kept-state.ts";
import { type DeliveryStatus, listDeliveries } from "./notifications.ts";

export type KeptIncidents = {
  /** Newest first; bounded. */
  list(how: { readonly isOpenOnly: boolean; readonly count: number }): readonly Incident[];
  /** By id, by an unambiguous prefix, or the newest of a rule; several results mean that the name is ambiguous. */
  find(name: string): readonly Incident[];
  deliveries(id: string): readonly DeliveryStatus[];
  mutes(): readonly Mute[];
  /** Time of the last write. */
  writtenAtMs(): number | null;
  close(): void;
};

const FOUND_MAX = 10;
type Body = { readonly body: string };

/** Null: there is none, or it is unreadable. */
export function readIncidents(folder: string): KeptIncidents | null {
  const db = openIncidentsToRead(incidentsFile(folder));
  if (db === null) return null;
  const engine = (): EngineState | null => {
    const row = db.prepare<[], Body>("SELECT body FROM engine WHERE part = 'state'").get();
    return row === undefined ? null : keptEngine(row.body, []);
  };
  const incidents = (where: string, ...values: readonly (string | number)[]): Incident[] =>
    db
      .prepare<(string | number)[], Body>(`SELECT body FROM incidents ${where}`)
      .all(...values)
      .map(({ body }) => keptIncident(body));
  return {
    list: ({ isOpenOnly, count }) =>
      incidents(
        `${isOpenOnly ? "WHERE state <> 'resolved'" : ""} ORDER BY row DESC LIMIT ?`,
        count,
      ),
    find(name) {
      const exact = incidents("WHERE id = ?", name);
      if (0 < exact.length) return exact;
      const ofRule = incidents("WHERE rule = ? ORDER BY row DESC LIMIT 1", name);
      if (0 < ofRule.length) return ofRule;
      return incidents(
        "WHERE substr(id, 1, length(?)) = ? ORDER BY row DESC LIMIT ?",
        name,
        name,
        FOUND_MAX,
      );
    },
    deliveries: (id) => listDeliveries(db, id),
    mutes: () => engine()?.mutes ?? [],
    writtenAtMs: () => engine()?.lastAtMs ?? null,
    close: () => db.close(),
  };
}
