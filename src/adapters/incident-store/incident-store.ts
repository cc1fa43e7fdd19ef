/**
 * The store of incidents, with the outbox of their notifications. Invariants: a state and its notifications are
 * written in one transaction, or wait here together, in order; a disk error never ends the engine; the waiting writes
 * and the stored data are bounded.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { messageOf } from "../../domain/failure.ts";
import type { EngineState, Incident } from "../../domain/incidents/incident.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../domain/time.ts";
import { monotonicMs } from "../clock.ts";
import {
  isDamage,
  isWithoutRoom,
  openIncidentDatabase,
  setIncidentsAside,
} from "./incident-database.ts";
import { keptEngine, keptIncident } from "./kept-state.ts";
import { insertNotification } from "./notifications.ts";
import { Reserve } from "./reserve.ts";

export type Decided = {
  readonly state: EngineState;
  /** Opened, changed or resolved since the last save. */
  readonly incidents: readonly Incident[];
  readonly notifications: readonly Notification[];
};

type Waiting = {
  state: EngineState;
  readonly incidents: Map<string, Incident>;
  notifications: readonly Notification[];
};

const WAITING_MAX = 10_000;
const RESOLVED_ROWS_MAX = 5_000;
const RESOLVED_MS_MAX = 90 * MS_PER_DAY;

export class IncidentStore {
  readonly #path: string;
  readonly #reserve: Reserve;
  #db: Database.Database | null = null;
  #inode: number | null = null;
  #waiting: Waiting | null = null;
  /** The previous content was read: writing does not lose it. */
  #isRead = false;
  #given = 0;
  #trouble: string | null = null;
  #lost: string | null = null;
  #prunedMs = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.#path = path;
    this.#reserve = new Reserve(dirname(path));
  }

  /** Why nothing is written now; null while it works. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** The damaged file that was set aside since this process began; null: none. */
  get lost(): string | null {
    return this.#lost;
  }

  /**
   * The state that another process left; null: none. Undefined: unreadable now; until it can be read nothing is
   * overwritten, and what is decided meanwhile is not sent.
   */
  load(nowMs: number): EngineState | null | undefined {
    try {
      return this.#read();
    } catch (error) {
      this.#fail(error, nowMs);
      if (this.#lost !== null && this.#db === null) return this.#begun();
      if (isWithoutRoom(error)) this.#reserve.giveUp();
      return undefined;
    }
  }

  /** A new database in place of the one that was set aside. */
  #begun(): null {
    this.#isRead = true;
    return null;
  }

  /** Never throws: a failed write waits for the next call. */
  save(decided: Decided, nowMs: number): void {
    this.#take(decided);
    this.flush(nowMs);
  }

  flush(nowMs: number): void {
    if (!this.#isRead) return;
    if (this.#waiting === null) return this.#reserve.keep();
    try {
      this.#write();
    } catch (error) {
      if (!isWithoutRoom(error) || !this.#reserve.giveUp()) return this.#fail(error, nowMs);
      try {
        this.#write();
      } catch (again) {
        this.#fail(again, nowMs);
      }
    }
  }

  close(): void {
    this.#db?.close();
    this.#db = null;
  }

  #read(): EngineState | null {
    const db = this.#opened();
    const rows = db.prepare<[], { part: string; body: string }>("SELECT part, body FROM engine");
    const parts = new Map(rows.all().map(({ part, body }) => [part, body]));
    const open = db
      .prepare<[], { body: string }>(
        "SELECT body FROM incidents WHERE state <> 'resolved' ORDER BY row",
      )
      .all();
    const engine = parts.get("state");
    const kept =
      engine === undefined
        ? null
        : keptEngine(
            engine,
            open.map(({ body }) => keptIncident(body)),
          );
    this.#isRead = true;
    this.#waiting = null;
    this.#trouble = null;
    return kept;
  }

  #take({ state, incidents, notifications }: Decided): void {
    this.#waiting ??= { state, incidents: new Map(), notifications: [] };
    this.#waiting.state = state;
    for (const incident of incidents) this.#waiting.incidents.set(incident.id, incident);
    const all = [...this.#waiting.notifications, ...notifications];
    this.#given += Math.max(0, all.length - WAITING_MAX);
    this.#waiting.notifications = all.slice(-WAITING_MAX);
  }

  #write(): void {
    if (this.#waiting === null) return;
    const { state, incidents, notifications } = this.#waiting;
    const isFresh = this.#db === null || this.#isElsewhere();
    const db = this.#opened();
    db.transaction(() => {
      const { incidents: open, ...engine } = state;
      db.prepare(
        "INSERT INTO engine (part, body) VALUES ('state', ?) ON CONFLICT DO UPDATE SET body = excluded.body",
      ).run(JSON.stringify(engine));
      // If the file was replaced while we ran, earlier data is not in the new one.
      const all = isFresh ? [...Object.values(open), ...incidents.values()] : incidents.values();
      for (const incident of all) putIncident(db, incident);
      for (const notification of notifications) insertNotification(db, notification);
    }).immediate();
    this.#waiting = null;
    this.#trouble =
      this.#given === 0
        ? null
        : `${this.#given} notifications were dropped, because the queue is full`;
    this.#prune(db);
    this.#reserve.keep();
  }

  #opened(): Database.Database {
    if (this.#db !== null && this.#isElsewhere()) this.close();
    if (this.#db !== null) return this.#db;
    this.#db = openIncidentDatabase(this.#path);
    this.#inode = inodeOf(this.#path);
    return this.#db;
  }

  /** Whether somebody has deleted or replaced the file. */
  #isElsewhere(): boolean {
    return inodeOf(this.#path) !== this.#inode;
  }

  #fail(error: unknown, nowMs: number): void {
    this.#trouble = `${this.#path}: ${messageOf(error)}`;
    if (!isDamage(error)) return;
    this.close();
    try {
      const why = messageOf(error);
      this.#lost = `${why}: unreadable here, and moved aside as ${setIncidentsAside(this.#path, nowMs)}`;
      this.#trouble = null;
    } catch (again) {
      this.#trouble += `; it cannot be moved aside: ${messageOf(again)}`;
    }
  }

  #prune(db: Database.Database): void {
    if (monotonicMs() - this.#prunedMs < MS_PER_HOUR) return;
    this.#prunedMs = monotonicMs();
    // By the newest row, not by the clock, which may be wrong.
    db.prepare(
      `DELETE FROM incidents WHERE state = 'resolved' AND (
         row <= (SELECT max(row) FROM incidents) - ${RESOLVED_ROWS_MAX}
         OR resolved_ms < (SELECT max(resolved_ms) FROM incidents) - ${RESOLVED_MS_MAX})`,
    ).run();
    db.prepare(
      `DELETE FROM notifications WHERE delivery <> 'waiting'
         AND NOT EXISTS (SELECT 1 FROM incidents WHERE id = notifications.incident)`,
    ).run();
  }
}

function putIncident(db: Database.Database, incident: Incident): void {
  const { id, rule, subject, state, startedAtMs, resolvedAtMs } = incident;
  db.prepare(
    `INSERT INTO incidents (id, rule, subject, state, started_ms, resolved_ms, body)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, resolved_ms = excluded.resolved_ms,
       body = excluded.body`,
  ).run(
    id,
    rule,
    subject,
    state,
    Math.round(startedAtMs),
    resolvedAtMs === null ? null : Math.round(resolvedAtMs),
    JSON.stringify(incident),
  );
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}
