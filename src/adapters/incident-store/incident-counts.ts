/** Counts open and past incidents and each channel's queue, read beside the watchdog that writes them. */
import type { IncidentCounts } from "../../wire/metrics/system-metrics.ts";
import { openIncidentsToRead } from "./incident-database.ts";

type Counted = { readonly name: string | null; readonly count: number };

/** Null: there is no database of incidents, or it is unreadable. */
export function incidentCounts(path: string): IncidentCounts | null {
  const db = openIncidentsToRead(path);
  if (db === null) return null;
  const openBy = (what: string): ReadonlyMap<string, number> => {
    const rows = db
      .prepare<[], Counted>(
        `SELECT ${what} AS name, count(*) AS count FROM incidents WHERE state <> 'resolved' GROUP BY 1`,
      )
      .all();
    return new Map(rows.map(({ name, count }) => [name ?? "unknown", count]));
  };
  try {
    return {
      bySeverity: openBy("body ->> 'severity'"),
      byRule: openBy("rule"),
      // Row numbers continue when old rows are deleted.
      opened:
        db
          .prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'incidents'")
          .pluck()
          .get() ?? 0,
      waiting: db
        .prepare<[], IncidentCounts["waiting"][number]>(
          `SELECT channel, count(*) AS count, min(at_ms) AS oldestMs FROM notifications
           WHERE delivery = 'waiting' GROUP BY channel`,
        )
        .all(),
    };
  } catch {
    return null;
  } finally {
    db.close();
  }
}
