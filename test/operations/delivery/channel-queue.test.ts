import Database from "better-sqlite3";
import { expect, it } from "vitest";
import type { OpenChannel } from "../../../src/adapters/channels/open-channel.ts";
import { wallMs } from "../../../src/adapters/clock.ts";
import {
  createNotificationTables,
  insertNotification,
  listDeliveries,
  noteAttempt,
  noteGivenUp,
} from "../../../src/adapters/incident-store/notifications.ts";
import { openQueue } from "../../../src/operations/delivery/channel-queue.ts";
import { FIRE, RESOLVE } from "../../helpers/alerts/channels.ts";

const HOURS_MS = 5 * 3_600_000;

/** Its fire was tried then, and nobody knows what came of it; the resolve waits. */
function afterAnUnknownFire(triedMs: number) {
  const db = new Database(":memory:");
  createNotificationTables(db);
  insertNotification(db, FIRE);
  noteAttempt(db, FIRE, { nowMs: triedMs, nextAttemptMs: triedMs });
  noteGivenUp(db, FIRE, { answer: "no answer", outcome: "unknown" });
  insertNotification(db, RESOLVE);
  const channel: OpenChannel = {
    budget: { perMinute: 60, burst: 60 },
    settlesInMs: 60_000,
    send: async () => ({ kind: "accepted", says: "taken", reference: null }),
  };
  const queue = openQueue(FIRE.channel, channel, () => undefined);
  return { db, step: () => queue.step(db, new AbortController().signal) };
}

it("sends a resolve although its fire was tried by a clock that was hours ahead", async () => {
  const { db, step } = afterAnUnknownFire(wallMs() + HOURS_MS);
  await step();
  expect(listDeliveries(db, FIRE.incident).at(-1)?.delivery).toBe("delivered");
});

it("lets the thread do its other work after it put one off", async () => {
  const { db, step } = afterAnUnknownFire(wallMs());
  expect(await step()).toBeGreaterThan(0);
  expect(listDeliveries(db, FIRE.incident).at(-1)?.delivery).toBe("waiting");
});
