import { renameSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { noteDelivered } from "../../../src/adapters/incident-store/notifications.ts";
import {
  giveUpBeyond,
  giveUpOthers,
  openOutbox,
  pruneNotifications,
} from "../../../src/adapters/incident-store/outbox.ts";
import { FIRE } from "../../helpers/alerts/channels.ts";
import { makeOutbox, type OutboxFile } from "../../helpers/alerts/outbox-file.ts";

const of = (incident: string, severity: "info" | "critical") => ({ ...FIRE, incident, severity });

function ourOutbox(): OutboxFile {
  const outbox = makeOutbox();
  onTestFinished(outbox.remove);
  return outbox;
}

describe("delivery's connection to the outbox", () => {
  it("notices what another wrote, and that the file was replaced", () => {
    const { file, insert } = ourOutbox();
    const outbox = openOutbox(file);
    expect([outbox.hasChanged(), outbox.hasChanged()]).toEqual([true, false]);
    insert(FIRE);
    expect([outbox.hasChanged(), outbox.hasChanged()]).toEqual([true, false]);
    expect(outbox.isReplaced()).toBe(false);
    renameSync(file, `${file}.damaged`);
    expect(outbox.isReplaced()).toBe(true);
    outbox.close();
    expect(() => openOutbox(file)).toThrow(/unable to open/);
  });

  it("gives up what waits for a channel that is gone", () => {
    const { db, insert, count } = ourOutbox();
    insert(FIRE, { ...FIRE, channel: "gone" });
    expect(giveUpOthers(db, ["c"])).toBe(1);
    expect([count("waiting"), count("given_up")]).toEqual([1, 1]);
  });

  it("gives up the oldest of the least grave where too many wait", () => {
    const { db, insert } = ourOutbox();
    insert(of("a", "critical"), of("b", "info"), of("c", "info"), of("d", "critical"));
    expect(giveUpBeyond(db, "c", 3)).toBe(1);
    expect(giveUpBeyond(db, "c", 3)).toBe(0);
    const gone = db.prepare("SELECT incident FROM notifications WHERE delivery = 'given_up'");
    expect(gone.pluck().all()).toEqual(["b"]);
  });

  it("throws away what is old, unless it waits", () => {
    const { db, insert, count } = ourOutbox();
    insert(FIRE, { ...FIRE, incident: "waits" }, { ...FIRE, incident: "new", atMs: 2e12 });
    noteDelivered(db, FIRE, { answer: "ok", reference: "7" });
    noteDelivered(db, { ...FIRE, incident: "new" }, { answer: "ok", reference: "8" });
    expect(pruneNotifications(db, 1.9e12)).toBe(1);
    expect([count("waiting"), count("delivered")]).toEqual([1, 1]);
    expect(db.prepare("SELECT reference FROM channel_messages").pluck().all()).toEqual(["8"]);
  });
});
