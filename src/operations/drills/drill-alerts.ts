/** Whether the watchdog has opened the incident that a fault must raise, read from its database. */
import { join } from "node:path";
import {
  incidentsFile,
  openIncidentsToRead,
} from "../../adapters/incident-store/incident-database.ts";

export type DrillAlerts = {
  /** When the first one of this rule was opened since then; null: none. */
  openedSince(rule: string, sinceMs: number): number | null;
};

export function createDrillAlerts(dataDir: string): DrillAlerts {
  const file = incidentsFile(join(dataDir, "safety"));
  return {
    openedSince(rule, sinceMs) {
      const db = openIncidentsToRead(file);
      if (db === null) return null;
      try {
        const first = db
          .prepare<[string, number], { readonly at: number | null }>(
            "SELECT min(started_ms) AS at FROM incidents WHERE rule = ? AND ? <= started_ms",
          )
          .get(rule, sinceMs);
        return first?.at ?? null;
      } catch {
        // It is being recreated.
        return null;
      } finally {
        db.close();
      }
    },
  };
}
