/** Delivery's own connection to the incidents' database, which the engine may replace when it is damaged. */
import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { createNotificationTables } from "./notifications.ts";

export type Outbox = {
  readonly db: Database.Database;
  /** Whether somebody else wrote since this was asked last. */
  hasChanged(): boolean;
  /** Another file stands under its name, or none. */
  isReplaced(): boolean;
  close(): void;
};

/** The engine decides meanwhile; both write for milliseconds. */
const BUSY_MS = 2_000;
const PRUNED_AT_ONCE = 500;
const GIVEN_UP_AT_ONCE = 1_000;

/** @throws {Error} of SQLite; also while there is no file: the engine makes it. */
export function openOutbox(path: string): Outbox {
  const db = new Database(path, { timeout: BUSY_MS, fileMustExist: true });
  try {
    const inode = inodeOf(path);
    db.pragma("journal_mode = WAL");
    // What a power cut takes of it is delivered again.
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

/** What waits for a channel that is not configured any more; how many. */
export function giveUpOthers(db: Database.Database, channels: readonly string[]): number {
  const known = JSON.stringify(channels);
  return db
    .prepare(
      `UPDATE notifications SET delivery = 'given_up', answer = 'the channel is not configured any more'
       WHERE delivery = 'waiting' AND channel NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(known).changes;
}

/** The oldest of the least grave go where more wait than anybody will read; how many. */
export function giveUpBeyond(db: Database.Database, channel: string, waitingMax: number): number {
  return db
    .prepare(
      `UPDATE notifications SET delivery = 'given_up', answer = 'too many waited'
       WHERE id IN (SELECT id FROM notifications WHERE channel = @channel AND delivery = 'waiting'
         ORDER BY severity, id LIMIT min(${GIVEN_UP_AT_ONCE}, max(0, (SELECT count(*) FROM notifications
           WHERE channel = @channel AND delivery = 'waiting') - @waitingMax)))`,
    )
    .run({ channel, waitingMax }).changes;
}

/** A part of what was decided before, unless it waits; how many went. */
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
