import { describe, expect, it } from "vitest";
import {
  cutTo,
  cutToBytes,
  notificationText,
} from "../../../../src/domain/incidents/delivery/message-text.ts";
import type { Notification } from "../../../../src/domain/incidents/notification.ts";

const NOTIFICATION: Notification = {
  incident: "stale_data/scan_bridge/1",
  number: 1,
  channel: "ops",
  kind: "fire",
  state: "firing",
  rule: "stale_data",
  subject: "scan_bridge",
  severity: "critical",
  summary: "no scan for 61 s",
  cause: "the bridge is down",
  startedAtMs: 0,
  atMs: 61_000,
  teams: [],
  labels: { book: "BLUE" },
};

describe("a notification as text", () => {
  it("says what, how bad, since when and why", () => {
    expect(notificationText(NOTIFICATION)).toEqual({
      title: "FIRING critical: stale_data scan_bridge",
      lines: [
        "no scan for 61 s",
        "cause: the bridge is down",
        "since 1970-01-01 00:00:00 UTC",
        "book: BLUE",
        "incident stale_data/scan_bridge/1",
      ],
    });
  });

  it("says that it is repeated, or over", () => {
    expect(notificationText({ ...NOTIFICATION, kind: "renotify" }).title).toMatch(/\(still\)$/);
    expect(notificationText({ ...NOTIFICATION, kind: "resolve", state: "resolved" })).toMatchObject(
      {
        title: "RESOLVED critical: stale_data scan_bridge",
        lines: expect.arrayContaining([
          "since 1970-01-01 00:00:00 UTC, resolved 1970-01-01 00:01:01 UTC",
        ]),
      },
    );
  });

  it("holds nothing that a terminal or a chat obeys", () => {
    const summary = "a\u001b[2J\r\nb\u202ec";
    expect(notificationText({ ...NOTIFICATION, summary }).lines[0]).toBe("a [2J b c");
  });

  it.each([
    ["short", 10, "short"],
    ["a long text", 10, "a  … [cut]"],
    ["a😀 long text", 10, "a … [cut]"],
  ])("is cut with a mark: %s", (text, max, expected) => {
    expect(cutTo(text, max)).toBe(expected);
  });

  it("is cut by bytes", () => {
    const cut = cutToBytes("é😀".repeat(1_000), 100);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(100);
    expect(Buffer.from(cut).toString()).toBe(cut);
    expect(cut).toMatch(/ … \[cut\]$/);
  });
});
