import { describe, expect, it } from "vitest";
import type { SendResult } from "../../../../src/domain/incidents/delivery/delivery-policy.ts";
import {
  afterRequest,
  freshPace,
  type DeliveryPace,
  waitMs,
} from "../../../../src/domain/incidents/delivery/pace.ts";

const BUDGET = { perMinute: 60, burst: 2 };
const OK: SendResult = { kind: "accepted", says: "ok", reference: null };
const REFUSED: SendResult = { kind: "refused", says: "400" };
const failed = (afterMs: number | null = null): SendResult => ({
  kind: "failed",
  says: "503",
  outcome: "refused",
  afterMs,
});

function after(
  ...requests: readonly (readonly [nowMs: number, answer: SendResult])[]
): DeliveryPace {
  return requests.reduce(
    (pace, [nowMs, answer]) => afterRequest(pace, BUDGET, { answer, nowMs }),
    freshPace(BUDGET, 0),
  );
}

describe("the pace of a channel", () => {
  it.each([
    ["nothing", after(), 0, 0],
    ["one request", after([0, OK]), 0, 0],
    ["a burst", after([0, OK], [0, OK]), 0, 1_000],
    ["a burst, a while ago", after([0, OK], [0, OK]), 600, 400],
    ["a burst, long ago", after([0, OK], [0, OK]), 3_600_000, 0],
    ["a wish to wait", after([0, failed(30_000)]), 1_000, 29_000],
    ["a wish to wait for years", after([0, failed(1e12)]), 0, 900_000],
    ["three failures", after([0, failed()], [5_000, failed()], [9_000, failed()]), 12_000, 0],
  ])("waits after %s", (_, pace, nowMs, expected) => {
    expect(waitMs(pace, BUDGET, nowMs)).toBe(expected);
  });

  it("rests longer the longer a channel fails, up to a limit, and is asked once after each rest", () => {
    let pace = freshPace(BUDGET, 0);
    let nowMs = 0;
    const rests: number[] = [];
    for (let failures = 1; failures <= 12; failures += 1) {
      pace = afterRequest(pace, BUDGET, { answer: failed(), nowMs });
      rests.push(Math.max(0, pace.closedUntilMs - nowMs) / 1_000);
      nowMs += Math.max(waitMs(pace, BUDGET, nowMs), 10_000);
    }
    expect(rests).toEqual([0, 0, 0, 5, 10, 20, 40, 80, 120, 120, 120, 120]);
  });

  it.each([
    ["an acceptance", OK],
    ["a refusal of one message", REFUSED],
  ])("forgets its failures after %s", (_, answer) => {
    const failures = [0, 1, 2, 3, 4].map((at) => [at * 10_000, failed()] as const);
    expect(after(...failures, [100_000, answer])).toMatchObject({ failures: 0 });
  });
});
