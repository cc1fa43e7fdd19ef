/** The delivery's own connection to the incidents' database, which the engine may replace when it is damaged. */
import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { createNotificationTables } from "./notifications.ts";

export type Outbox = {
  readonly db: Database.Database;
  /** Whether another connection has written since the last call. */
  hasChanged(): boolean;
  /** Whether another file has its name, or none. */
  isReplaced(): boolean;
  close(): void;
};

/** The engine writes at the same time; both take milliseconds. */
const BUSY_MS = 2_000;
const PRUNED_AT_ONCE = 500;
const GIVEN_UP_AT_ONCE = 1_000;

/** @throws {Error} of SQLite; also while there is no file: the engine creates it. */
export function openOutbox(path: string): Outbox {
  const db = new Database(path, { timeout: BUSY_MS, fileMustExist: true });
  try {
    const inode = inodeOf(path);
    db.pragma("journal_mode = WAL");
    // Deliveries whose record is lost by a power failure are made again.
    db.pragma("synchronous = NORMAL");
    createNotificationTables(db);
    const version = db.prepare("PRAGMA data_version").pluck();
    let seen: unknown = null;
    return {
      db,
      hasChanged() {
        const now = version.get();
        const changed = now !== seen;
        seen = now;
        return changed;
      },
      isReplaced: () => inodeOf(path) !== inode,
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function inodeOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** Gives up what waits for channels that are no longer configured; returns how many. */
export function giveUpOthers(db: Database.Database, channels: readonly string[]): number {
  const known = JSON.stringify(channels);
  return db
    .prepare(
      `UPDATE notifications SET delivery = 'given_up', answer = 'the channel is no longer configured'
       WHERE delivery = 'waiting' AND channel NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(known).changes;
}

/** Gives up the oldest of the least severe where more wait than anybody would read; returns how many. */
export function giveUpBeyond(db: Database.Database, channel: string, waitingMax: number): number {
  return db
    .prepare(
      `UPDATE notifications SET delivery = 'given_up', answer = 'too many were waiting'
       WHERE id IN (SELECT id FROM notifications WHERE channel = @channel AND delivery = 'waiting'
         ORDER BY severity, id LIMIT min(${GIVEN_UP_AT_ONCE}, max(0, (SELECT count(*) FROM notifications
           WHERE channel = @channel AND delivery = 'waiting') - @waitingMax)))`,
    )
    .run({ channel, waitingMax }).changes;
}

/** Deletes some of the notifications decided before, except waiting ones; returns how many. */
export function pruneNotifications(db: Database.Database, beforeMs: number): number {
  return db.transaction(() => {
    const { changes } = db
      .prepare(
        `DELETE FROM notifications WHERE id IN (SELECT id FROM notifications
         WHERE delivery <> 'waiting' AND at_ms < ? ORDER BY id LIMIT ${PRUNED_AT_ONCE})`,
      )
      .run(Math.round(beforeMs));
    db.prepare(
      `DELETE FROM channel_messages WHERE incident NOT IN (SELECT incident FROM notifications)`,
    ).run();
    return changes;
  })();
}
