import { describe, expect, it } from "vitest";
import {
  afterDeathMs,
  askedDelayMs,
  type SendResult,
  notBeforeMs,
  verdictOn,
} from "../../../../src/domain/incidents/delivery/delivery-policy.ts";

const S = 1_000;
const failed = (afterMs: number | null = null, outcome: "refused" | "unknown" = "refused") =>
  ({ kind: "failed", says: "503", outcome, afterMs }) satisfies SendResult;
const verdict = (answer: SendResult, of: Partial<Parameters<typeof verdictOn>[1]> = {}) =>
  verdictOn(answer, { attempts: 1, decidedAtMs: 0, nowMs: 0, chance: 0.5, ...of });

it.each([
  [null, 0],
  [Number.NaN, 0],
  [-5, 0],
  [64_570, 64_570],
  // A timer of so long would ring at once.
  [2_147_484 * S, 900 * S],
  [Number.POSITIVE_INFINITY, 900 * S],
])("who is asked to wait %d ms waits %d, whether he tells or hears", (askedMs, waited) => {
  expect(askedDelayMs(askedMs)).toBe(waited);
});

describe("what becomes of a notification", () => {
  it("is delivered when accepted, and given up when refused for good", () => {
    expect(verdict({ kind: "accepted", says: "ok", reference: "1" })).toEqual({
      kind: "delivered",
      answer: "ok",
      reference: "1",
    });
    expect(verdict({ kind: "refused", says: "400" })).toMatchObject({ kind: "give-up" });
  });

  it.each([
    ["the first failure", { attempts: 1 }, null, 1 * S],
    ["the fourth", { attempts: 4 }, null, 8 * S],
    ["the fiftieth", { attempts: 50 }, null, 300 * S],
    ["a wish for longer", { attempts: 1 }, 64_570, 64_570],
    ["a wish for shorter", { attempts: 4 }, 10, 8 * S],
    ["a wish without sense", { attempts: 1 }, Number.NaN, 1 * S],
    ["a wish for the past", { attempts: 1 }, -5 * S, 1 * S],
    ["a wish for years", { attempts: 1 }, 1e12, 900 * S],
    ["little chance", { attempts: 1, chance: 0 }, null, 0.75 * S],
    ["much chance", { attempts: 1, chance: 1 }, null, 1.25 * S],
  ])("is tried again after %s", (_, of, afterMs, nextAttemptMs) => {
    expect(verdict(failed(afterMs), of)).toMatchObject({ kind: "again", nextAttemptMs });
  });

  it("is given up a day after its decision, and what is known of it is kept", () => {
    const day = 86_400 * S;
    const late = failed(null, "unknown");
    const attempts = 20;
    expect(verdict(late, { nowMs: day - 301 * S, attempts })).toMatchObject({
      kind: "again",
      outcome: "unknown",
    });
    expect(verdict(late, { nowMs: day - 299 * S, attempts })).toMatchObject({
      kind: "give-up",
      outcome: "unknown",
      answer: expect.stringContaining("503"),
    });
    expect(verdict(late, { nowMs: 3 * day, attempts: 2 })).toMatchObject({ kind: "again" });
  });

  it("is tried again for an hour, and 12 times, after a refusal that may pass", () => {
    const refused: SendResult = { kind: "refused", says: "401", mayPass: true };
    const hour = 3_600 * S;
    expect(verdict(refused)).toEqual({
      kind: "again",
      answer: "401",
      outcome: "refused",
      nextAttemptMs: 1 * S,
    });
    expect(verdict(refused, { nowMs: hour - 301 * S, attempts: 20 }).kind).toBe("again");
    expect(verdict(refused, { nowMs: hour - 299 * S, attempts: 20 })).toEqual({
      kind: "give-up",
      answer: "401",
      outcome: "refused",
    });
    expect(verdict(refused, { nowMs: 2 * hour, attempts: 11 }).kind).toBe("again");
  });

  it("waits after a death as after a failure", () => {
    expect([1, 2, 3, 20].map((attempts) => afterDeathMs(attempts, 0))).toEqual([
      1 * S,
      2 * S,
      4 * S,
      300 * S,
    ]);
  });

  it.each([
    ["resolve", 30 * S, 5 * S, 35 * S],
    ["resolve", 30 * S, null, 0],
    ["resolve", null, 5 * S, 0],
    ["fire", 30 * S, 5 * S, 0],
    ["acknowledge", 30 * S, 5 * S, 0],
  ] as const)(
    "as a %s, where a request settles in %s, after one at %s",
    (kind, settlesInMs, unsettledMs, ms) => {
      expect(notBeforeMs(kind, { settlesInMs, unsettledMs })).toBe(ms);
    },
  );
});
