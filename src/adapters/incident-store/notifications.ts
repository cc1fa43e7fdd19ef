/**
 * The outbox of notifications in the incidents' database. The engine inserts in its own transaction; the delivery, in
 * another thread with its own connection, takes them out in order. Invariant: a channel gets no notification of an
 * incident while an earlier one of it waits.
 */
import { createHash } from "node:crypto";
import type Database from "better-sqlite3";
import { type Notification, SEVERITIES } from "../../domain/incidents/notification.ts";
import { MS_PER_MINUTE } from "../../domain/time.ts";

export type NotificationKey = Pick<Notification, "channel" | "incident" | "number">;

export type WaitingNotification = {
  readonly notification: Notification;
  /** Attempts begun, including those of a process that was killed meanwhile. */
  readonly attempts: number;
  /**
   * Time of the last attempt with an unknown outcome to open or change this incident there; null: none. A time in the
   * future was written before the clock was set back, and counts as settled.
   */
  readonly unsettledMs: number | null;
  /** The channel's id of its message on this incident, if any. */
  readonly reference: string | null;
};

export type DeliveryStatus = NotificationKey &
  Pick<Notification, "kind" | "state" | "atMs"> & {
    /** `waiting` until a channel accepted it, or until no further try is made. */
    readonly delivery: "waiting" | "delivered" | "given_up";
    readonly attempts: number;
    readonly firstAttemptMs: number | null;
    readonly lastAttemptMs: number | null;
    /** For a waiting one. */
    readonly nextAttemptMs: number;
    /** The channel's answer to the last attempt; never holds a secret. */
    readonly answer: string | null;
  };

/** How an attempt failed, and when the next one is made. */
export type FailedAttempt = {
  readonly answer: string;
  readonly nextAttemptMs: number;
  /** Unknown: the channel may have accepted it, or may yet. */
  readonly outcome: "refused" | "unknown";
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL, incident TEXT NOT NULL, number INTEGER NOT NULL,
    kind TEXT NOT NULL, severity INTEGER NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL,
    handle TEXT NOT NULL,
    delivery TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt_ms INTEGER, last_attempt_ms INTEGER, next_attempt_ms INTEGER NOT NULL DEFAULT 0,
    outcome TEXT, unsettled_ms INTEGER, answer TEXT,
    UNIQUE (channel, incident, number)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS notifications_waiting ON notifications (channel, severity DESC, id)
    WHERE delivery = 'waiting';
  CREATE INDEX IF NOT EXISTS notifications_handle ON notifications (handle);
  CREATE INDEX IF NOT EXISTS notifications_incident ON notifications (incident);
  CREATE TABLE IF NOT EXISTS channel_messages (
    channel TEXT NOT NULL, incident TEXT NOT NULL, reference TEXT NOT NULL,
    PRIMARY KEY (channel, incident)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS channel_cursors (
    channel TEXT PRIMARY KEY, position INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const ANSWER_CHARACTERS_MAX = 500;
const LISTED_MAX = 1_000;
/**
 * No retry is scheduled further ahead (the longest delay accepted from a channel is 15 minutes): a later time was
 * written before the clock was set back.
 */
export const PUT_OFF_MS_MAX = 16 * MS_PER_MINUTE;

/** Idempotent. */
export function createNotificationTables(db: Database.Database): void {
  db.exec(SCHEMA);
}

/**
 * Called within the transaction of the decision. A second insertion of the same number for the same channel changes
 * nothing, because the first may have been sent.
 */
export function insertNotification(db: Database.Database, notification: Notification): void {
  const { channel, incident, number, kind } = notification;
  db.prepare(
    `INSERT INTO notifications (channel, incident, number, kind, severity, at_ms, body, handle)
     VALUES (@channel, @incident, @number, @kind, @severity, @atMs, @body, @handle) ON CONFLICT DO NOTHING`,
  ).run({
    channel,
    incident,
    number,
    kind,
    severity: SEVERITIES.indexOf(notification.severity),
    atMs: Math.round(notification.atMs),
    body: JSON.stringify(notification),
    handle: handleOf(incident),
  });
}

/** Short enough for the data of a button. */
export function handleOf(incident: string): string {
  return createHash("sha256").update(incident).digest("hex").slice(0, 32);
}

/** The incident with this handle that this channel was notified of; null: none. */
export function incidentOf(
  db: Database.Database,
  { channel, handle }: { readonly channel: string; readonly handle: string },
): string | null {
  const found = db
    .prepare<[string, string], { incident: string }>(
      "SELECT incident FROM notifications WHERE handle = ? AND channel = ? LIMIT 1",
    )
    .get(handle, channel);
  return found?.incident ?? null;
}

/** Only the first waiting notification of an incident may be sent. */
const HEADS = `FROM notifications n WHERE channel = @channel AND delivery = 'waiting'
  AND NOT EXISTS (SELECT 1 FROM notifications earlier
    WHERE earlier.channel = n.channel AND earlier.incident = n.incident
      AND earlier.number < n.number AND earlier.delivery = 'waiting')`;

type WaitingRow = {
  readonly body: string;
  readonly attempts: number;
  readonly unsettled_ms: number | null;
  readonly reference: string | null;
};

/** The most severe, then oldest, that may be tried now; null: none. */
export function nextWaiting(
  db: Database.Database,
  channel: string,
  nowMs: number,
): WaitingNotification | null {
  const row = db
    .prepare<{ channel: string; nowMs: number; farMs: number }, WaitingRow>(
      `SELECT body, attempts,
         (SELECT max(CASE WHEN outcome = 'unknown' AND last_attempt_ms <= @nowMs THEN last_attempt_ms
                          WHEN unsettled_ms <= @nowMs THEN unsettled_ms END)
          FROM notifications tried WHERE tried.channel = n.channel AND tried.incident = n.incident
            AND tried.kind <> 'resolve') AS unsettled_ms,
         (SELECT reference FROM channel_messages m
          WHERE m.channel = n.channel AND m.incident = n.incident) AS reference
       ${HEADS} AND (next_attempt_ms <= @nowMs OR @farMs < next_attempt_ms)
       ORDER BY severity DESC, id LIMIT 1`,
    )
    .get({ channel, nowMs: Math.round(nowMs), farMs: Math.round(nowMs) + PUT_OFF_MS_MAX });
  if (row === undefined) return null;
  return {
    notification: notificationFrom(row.body),
    attempts: row.attempts,
    unsettledMs: row.unsettled_ms,
    reference: row.reference,
  };
}

/** When the channel's next one may be tried; null: nothing waits. */
export function nextAttemptMs(db: Database.Database, channel: string): number | null {
  const found = db
    .prepare<{ channel: string }, { due: number | null }>(
      `SELECT min(next_attempt_ms) AS due ${HEADS}`,
    )
    .get({ channel });
  return found?.due ?? null;
}

/** Written only by `insertNotification`. */
function notificationFrom(body: string): Notification {
  const notification: Notification = JSON.parse(body);
  return notification;
}

/**
 * Called before the attempt: if the process dies in it, an attempt with an unknown outcome is on record, and the next
 * one is not made before `nextAttemptMs`, so that something that kills the sender does not do so again at once.
 */
export function noteAttempt(
  db: Database.Database,
  key: NotificationKey,
  at: { readonly nowMs: number; readonly nextAttemptMs: number },
): void {
  change(db, key, {
    set: `unsettled_ms = CASE WHEN outcome = 'unknown' THEN last_attempt_ms ELSE unsettled_ms END,
          attempts = attempts + 1, first_attempt_ms = coalesce(first_attempt_ms, @nowMs),
          last_attempt_ms = @nowMs, next_attempt_ms = @nextAttemptMs, outcome = 'unknown', answer = NULL`,
    values: { nowMs: Math.round(at.nowMs), nextAttemptMs: Math.round(at.nextAttemptMs) },
  });
}

/** No attempt was made, and none will be before that time. */
export function notePutOff(db: Database.Database, key: NotificationKey, nextMs: number): void {
  change(db, key, { set: "next_attempt_ms = @nextMs", values: { nextMs: Math.round(nextMs) } });
}

export function noteDelivered(
  db: Database.Database,
  key: NotificationKey,
  { answer, reference }: { readonly answer: string; readonly reference: string | null },
): void {
  db.transaction(() => {
    change(db, key, {
      set: "delivery = 'delivered', outcome = 'accepted', answer = @answer",
      values: { answer: short(answer) },
    });
    if (reference === null) return;
    db.prepare(
      `INSERT INTO channel_messages (channel, incident, reference) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET reference = excluded.reference`,
    ).run(key.channel, key.incident, reference);
  })();
}

/** It keeps waiting. */
export function noteFailed(
  db: Database.Database,
  key: NotificationKey,
  attempt: FailedAttempt,
): void {
  change(db, key, {
    set: "next_attempt_ms = @nextMs, outcome = @outcome, answer = @answer",
    values: {
      nextMs: Math.round(attempt.nextAttemptMs),
      outcome: attempt.outcome,
      answer: short(attempt.answer),
    },
  });
}

/** No further try is made. */
export function noteGivenUp(
  db: Database.Database,
  key: NotificationKey,
  { answer, outcome }: Pick<FailedAttempt, "answer" | "outcome">,
): void {
  change(db, key, {
    set: "delivery = 'given_up', outcome = @outcome, answer = @answer",
    values: { outcome, answer: short(answer) },
  });
}

function change(
  db: Database.Database,
  { channel, incident, number }: NotificationKey,
  { set, values }: { readonly set: string; readonly values: Record<string, string | number> },
): void {
  db.prepare(
    `UPDATE notifications SET ${set}
     WHERE channel = @channel AND incident = @incident AND number = @number`,
  ).run({ ...values, channel, incident, number });
}

function short(answer: string): string {
  return answer.slice(0, ANSWER_CHARACTERS_MAX);
}

type Row = {
  readonly channel: string;
  readonly incident: string;
  readonly number: number;
  readonly body: string;
  readonly delivery: DeliveryStatus["delivery"];
  readonly attempts: number;
  readonly first_attempt_ms: number | null;
  readonly last_attempt_ms: number | null;
  readonly next_attempt_ms: number;
  readonly answer: string | null;
};

/** The notifications of an incident, in the order of their decisions; at most the newest thousand. */
export function listDeliveries(db: Database.Database, incident: string): DeliveryStatus[] {
  return db
    .prepare<[string], Row>(
      `SELECT * FROM (SELECT * FROM notifications WHERE incident = ? ORDER BY id DESC LIMIT ${LISTED_MAX})
       ORDER BY number, id`,
    )
    .all(incident)
    .map(deliveryFrom);
}

/** Newest first; at most a thousand. */
export function listGivenUp(db: Database.Database): DeliveryStatus[] {
  return db
    .prepare<[], Row>(
      `SELECT * FROM notifications WHERE delivery = 'given_up' ORDER BY id DESC LIMIT ${LISTED_MAX}`,
    )
    .all()
    .map(deliveryFrom);
}

function deliveryFrom(row: Row): DeliveryStatus {
  const { kind, state, atMs } = notificationFrom(row.body);
  return {
    channel: row.channel,
    incident: row.incident,
    number: row.number,
    kind,
    state,
    atMs,
    delivery: row.delivery,
    attempts: row.attempts,
    firstAttemptMs: row.first_attempt_ms,
    lastAttemptMs: row.last_attempt_ms,
    nextAttemptMs: row.next_attempt_ms,
    answer: row.answer,
  };
}

/** Position in the channel's incoming updates, such as button presses; 0 at first. */
export function cursorOf(db: Database.Database, channel: string): number {
  const found = db
    .prepare<[string], { position: number }>(
      "SELECT position FROM channel_cursors WHERE channel = ?",
    )
    .get(channel);
  return found?.position ?? 0;
}

export function moveCursor(db: Database.Database, channel: string, position: number): void {
  db.prepare(
    `INSERT INTO channel_cursors (channel, position) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET position = max(position, excluded.position)`,
  ).run(channel, position);
}
