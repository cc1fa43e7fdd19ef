import { expect, test } from "vitest";
import { FeederWatch } from "../../../../src/services/trader/intake/feeder-watch.ts";

function stage() {
  const at = { nowMs: 0, text: null as string | null, isAway: false };
  const watch = new FeederWatch({
    service: "scan-bridge",
    monotonicMs: () => at.nowMs,
    feed: {
      async readHeartbeat() {
        if (at.isAway) throw new Error("Hazelcast does not answer");
        return at.text;
      },
    },
  });
  const poll = async (nowMs: number, set: Partial<typeof at> = {}) => {
    Object.assign(at, set, { nowMs });
    await watch.poll();
    return watch.states()["scan-bridge"];
  };
  return poll;
}

const beat = (updated_at: string, archive = "ok") =>
  JSON.stringify({ updated_at, facts: { dependencies: { archive }, inputs: [], queue: null } });

test("a bridge with heartbeats is well, one that reports a failure is not, a silent one is down", async () => {
  const poll = stage();
  expect(await poll(0, { text: beat("a") })).toBe("ok");
  expect(await poll(5_000, { text: beat("b", "hung") })).toBe("error");
  expect(await poll(14_999)).toBe("error");
  expect(await poll(15_000)).toBe("down");
  expect(await poll(16_000, { text: beat("c") })).toBe("ok");
});

test("no heartbeat at all is a bridge that is down, after as long", async () => {
  const poll = stage();
  expect(await poll(0)).toBe("ok");
  expect(await poll(10_000)).toBe("down");
});

test("nothing is known, and no silence counted, while Hazelcast is away", async () => {
  const poll = stage();
  await poll(0, { text: beat("a") });
  expect(await poll(60_000, { isAway: true })).toBeUndefined();
  expect(await poll(61_000, { isAway: false })).toBe("ok");
  expect(await poll(71_000)).toBe("down");
});

test("what is no heartbeat stops nothing", async () => {
  const poll = stage();
  expect(await poll(0, { text: "[1" })).toBe("ok");
  expect(await poll(10_000, { text: "{}" })).toBe("down");
});
