/** An outbox as the incident engine writes it, and a process that delivers from it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import {
  createNotificationTables,
  insertNotification,
} from "../../../src/adapters/incident-store/notifications.ts";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";
import type { ChannelSettings } from "../../../src/wire/alerts/channel-settings.ts";

export const DEMO_ACKNOWLEDGED = "acknowledged";

export type OutboxFile = {
  readonly file: string;
  readonly db: Database.Database;
  readonly insert: (...notifications: readonly Notification[]) => void;
  /** As if decided just now: old ones are deleted once they were delivered. */
  readonly insertNow: (...notifications: readonly Notification[]) => void;
  /** How many are `waiting`, `delivered` or `given_up`. */
  readonly count: (delivery: string) => number;
  /** A new one stands in its place, as after damage. */
  readonly replace: () => void;
  readonly remove: () => void;
};

export function makeOutbox(): OutboxFile {
  const folder = mkdtempSync(join(tmpdir(), "dolphin-outbox-"));
  const file = join(folder, "incidents.sqlite");
  let db = create(file);

  const insert = (...notifications: readonly Notification[]): void =>
    db.transaction(() =>
      notifications.forEach((notification) => insertNotification(db, notification)),
    )();
  return {
    file,
    get db() {
      return db;
    },
    insert,
    insertNow: (...notifications) =>
      insert(...notifications.map((notification) => ({ ...notification, atMs: Date.now() }))),
    count: (delivery) =>
      Number(
        db.prepare("SELECT count(*) FROM notifications WHERE delivery = ?").pluck().get(delivery),
      ),
    replace() {
      db.close();
      for (const suffix of ["-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
      renameSync(file, `${file}.damaged`);
      db = create(file);
    },
    remove() {
      db.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function create(file: string): Database.Database {
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  createNotificationTables(db);
  return db;
}

export type DeliveryProcess = {
  readonly child: ChildProcess;
  readonly output: () => string;
};

export function spawnDelivery(of: {
  readonly file: string;
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}): DeliveryProcess {
  const { file, channels, deadlineMs } = of;
  const child = spawn(
    process.execPath,
    [
      ...NODE_FLAGS,
      join(import.meta.dirname, "delivery-process.ts"),
      JSON.stringify({ file, channels, deadlineMs }),
    ],
    { env: { PATH: process.env["PATH"], ...of.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}
