import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import {
  createNotificationTables,
  handleOf,
  incidentOf,
  insertNotification,
  listDeliveries,
  listGivenUp,
  nextWaiting,
  noteAttempt,
  noteDelivered,
  noteFailed,
  noteGivenUp,
  notePutOff,
  PUT_OFF_MS_MAX,
} from "../../../src/adapters/incident-store/notifications.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";

const FIRST: Notification = {
  incident: "stale_data/scan_bridge/2026-03-25T10:30:00Z",
  number: 1,
  channel: "ops",
  kind: "fire",
  state: "firing",
  rule: "stale_data",
  subject: "scan_bridge",
  severity: "warning",
  summary: "no scan for 61 s",
  cause: null,
  startedAtMs: 1_000,
  atMs: 1_000,
  teams: ["ops"],
  labels: { book: "BLUE" },
};
const SECOND: Notification = { ...FIRST, number: 2, kind: "resolve", state: "resolved" };

function outbox(...notifications: readonly Notification[]) {
  const db = new Database(":memory:");
  createNotificationTables(db);
  createNotificationTables(db);
  for (const notification of notifications) insertNotification(db, notification);
  return db;
}

describe("the outbox of notifications", () => {
  it("gives back what was put in, each once, in order within an incident", () => {
    const db = outbox(SECOND, FIRST, FIRST);
    expect(nextWaiting(db, "ops", 2_000)).toEqual({
      notification: FIRST,
      attempts: 0,
      unsettledMs: null,
      reference: null,
    });
    noteDelivered(db, FIRST, { answer: "ok", reference: "m1" });
    expect(nextWaiting(db, "ops", 2_000)).toMatchObject({ notification: SECOND, reference: "m1" });
    noteDelivered(db, SECOND, { answer: "ok", reference: null });
    expect(nextWaiting(db, "ops", 2_000)).toBeNull();
    expect(listDeliveries(db, FIRST.incident)).toMatchObject([
      { number: 1, delivery: "delivered", answer: "ok" },
      { number: 2, delivery: "delivered", answer: "ok" },
    ]);
  });

  it("holds the rest of an incident back while its first waits for another try, and nothing else", () => {
    const other = { ...FIRST, incident: "other", severity: "info" as const };
    const db = outbox(FIRST, SECOND, other);
    noteAttempt(db, FIRST, { nowMs: 10, nextAttemptMs: 500 });
    noteFailed(db, FIRST, { answer: "503", nextAttemptMs: 900, outcome: "refused" });
    expect(nextWaiting(db, "ops", 800)?.notification).toEqual(other);
    expect(nextWaiting(db, "ops", 900)).toMatchObject({
      notification: FIRST,
      attempts: 1,
      unsettledMs: null,
    });
  });

  it("gives the gravest first", () => {
    const grave = { ...FIRST, incident: "grave", severity: "critical" as const };
    expect(nextWaiting(outbox(FIRST, grave), "ops", 0)?.notification).toEqual(grave);
  });

  it("remembers an attempt of which nobody knows what came of it, for all of the incident", () => {
    const db = outbox(FIRST, SECOND);
    noteAttempt(db, FIRST, { nowMs: 10, nextAttemptMs: 500 });
    expect(nextWaiting(db, "ops", 400)).toBeNull();
    noteGivenUp(db, FIRST, { answer: "no answer", outcome: "unknown" });
    expect(nextWaiting(db, "ops", 400)).toMatchObject({ notification: SECOND, unsettledMs: 10 });
    expect(listGivenUp(db)).toMatchObject([{ number: 1, attempts: 1, answer: "no answer" }]);
  });

  it("remembers it also when a later attempt was accepted, but not of a resolve", () => {
    const db = outbox(FIRST, SECOND);
    noteAttempt(db, FIRST, { nowMs: 10, nextAttemptMs: 20 });
    noteAttempt(db, FIRST, { nowMs: 30, nextAttemptMs: 40 });
    noteDelivered(db, FIRST, { answer: "ok", reference: null });
    noteAttempt(db, SECOND, { nowMs: 50, nextAttemptMs: 60 });
    expect(nextWaiting(db, "ops", 60)).toMatchObject({ unsettledMs: 10, attempts: 1 });
  });

  it("counts an attempt that lies ahead as settled: its clock was set back since", () => {
    const db = outbox(FIRST, SECOND);
    noteAttempt(db, FIRST, { nowMs: 10, nextAttemptMs: 20 });
    noteAttempt(db, FIRST, { nowMs: 9_000, nextAttemptMs: 9_010 });
    noteGivenUp(db, FIRST, { answer: "no answer", outcome: "unknown" });
    expect(nextWaiting(db, "ops", 8_999)).toMatchObject({ notification: SECOND, unsettledMs: 10 });
    expect(nextWaiting(db, "ops", 9)).toMatchObject({ notification: SECOND, unsettledMs: null });
    expect(nextWaiting(db, "ops", 9_000)).toMatchObject({ unsettledMs: 9_000 });
  });

  it("puts nothing off for longer than a channel may wish", () => {
    expect(PUT_OFF_MS_MAX).toBeLessThanOrEqual(16 * 60_000);
  });

  it("tries again what a clock that was set back since had put off", () => {
    const db = outbox(FIRST);
    notePutOff(db, FIRST, PUT_OFF_MS_MAX + 11);
    expect(nextWaiting(db, "ops", 11)).toBeNull();
    expect(nextWaiting(db, "ops", 10)?.notification).toEqual(FIRST);
  });

  it("knows the incident of a button", () => {
    const db = outbox(FIRST);
    const handle = handleOf(FIRST.incident);
    expect(incidentOf(db, { channel: "ops", handle })).toBe(FIRST.incident);
    expect(incidentOf(db, { channel: "other", handle })).toBeNull();
  });
});
