import { expect, test } from "vitest";
import {
  createSessions,
  endsAtMs,
  SESSION_LIMITS,
} from "../../../src/dashboard/commands/session.ts";

const HOUR_MS = 3_600_000;

function sessionsOf(limits = SESSION_LIMITS) {
  let token = "right";
  const sessions = createSessions(() => token, limits);
  const open = (ms = 0) => {
    const opened = sessions.open(token, at(ms));
    if (opened === null) throw new Error("the token is right");
    return opened;
  };
  return { sessions, open, renew: () => (token = "renewed") };
}

function at(wallMs: number, monotonicMs = wallMs) {
  return { wallMs, monotonicMs };
}

test("the token opens a session, and nothing else does", () => {
  const { sessions, open } = sessionsOf();
  const { cookie, second, session } = open();
  expect(sessions.find(cookie, second, at(1))).toMatchObject({
    kind: "found",
    session: { number: 1 },
  });
  expect(session.number).toBe(1);
  for (const wrong of ["", "righ", "right ", "x".repeat(100_000)]) {
    expect(sessions.open(wrong, at(1))).toBeNull();
  }
});

test("neither secret is worth anything without the other, nor with another session's", () => {
  const { sessions, open } = sessionsOf();
  const [one, other] = [open(), open()];
  const pairs = [
    [one.cookie, undefined],
    [undefined, one.second],
    [one.cookie, other.second],
    [one.second, one.cookie],
    [one.cookie, "x".repeat(100_000)],
    ["x".repeat(100_000), one.second],
  ] as const;
  for (const [cookie, second] of pairs) {
    expect(sessions.find(cookie, second, at(1)).kind, `${cookie} with ${second}`).toBe("none");
  }
});

test("each has two secrets of its own, of 256 bits", () => {
  const { open } = sessionsOf();
  const secrets = Array.from({ length: 10 }, () => open()).flatMap(({ cookie, second }) => [
    cookie,
    second,
  ]);
  expect(new Set(secrets).size).toBe(20);
  for (const secret of secrets) expect(Buffer.from(secret, "base64url")).toHaveLength(32);
});

test.each([
  ["idle for two hours", at(2 * HOUR_MS)],
  ["idle while the machine slept", at(2 * HOUR_MS, 0)],
  ["idle while the wall clock was set back", at(-HOUR_MS, 2 * HOUR_MS)],
])("one that was %s is over", (_, now) => {
  const { sessions, open } = sessionsOf();
  const { cookie, second } = open();
  expect(sessions.find(cookie, second, at(2 * HOUR_MS - 1)).kind).toBe("found");
  expect(sessions.find(cookie, second, now)).toMatchObject({ says: /^your session has ended/ });
  expect(sessions.count()).toBe(0);
});

test("commands keep it, but not beyond its life", () => {
  const { sessions, open } = sessionsOf();
  const { cookie, second, session } = open();
  expect(endsAtMs(session)).toBe(2 * HOUR_MS);
  for (let hour = 1; hour < 12; hour += 1) {
    const found = sessions.find(cookie, second, at(hour * HOUR_MS));
    if (found.kind === "none") throw new Error(`over after ${hour} h: ${found.says}`);
    sessions.use(found.session, at(hour * HOUR_MS));
  }
  expect(sessions.find(cookie, second, at(12 * HOUR_MS)).kind).toBe("none");
});

test("looking does not keep it", () => {
  const { sessions, open } = sessionsOf();
  const { cookie, second } = open();
  expect(sessions.find(cookie, second, at(2 * HOUR_MS - 1)).kind).toBe("found");
  expect(sessions.find(cookie, second, at(2 * HOUR_MS)).kind).toBe("none");
});

test("a renewed token ends them all, and the old one opens none", () => {
  const { sessions, open, renew } = sessionsOf();
  const { cookie, second } = open();
  renew();
  expect(sessions.find(cookie, second, at(1)).kind).toBe("none");
  expect(sessions.open("right", at(1))).toBeNull();
  expect(sessions.open("renewed", at(1))).not.toBeNull();
});

test("signing out ends one and leaves the others", () => {
  const { sessions, open } = sessionsOf();
  const [one, other] = [open(), open()];
  sessions.close(one.session);
  expect(sessions.find(one.cookie, one.second, at(1)).kind).toBe("none");
  expect(sessions.find(other.cookie, other.second, at(1)).kind).toBe("found");
});

test("one more than the most ends the one that was used least of late", () => {
  const { sessions, open } = sessionsOf({ ...SESSION_LIMITS, countMax: 3 });
  const [first, second, third] = [open(1), open(2), open(3)];
  sessions.use(first.session, at(4));
  open(5);
  expect(sessions.count()).toBe(3);
  const isThere = ({ cookie, second: other }: typeof first) =>
    sessions.find(cookie, other, at(6)).kind === "found";
  expect([first, second, third].map((one) => isThere(one))).toEqual([true, false, true]);
});
