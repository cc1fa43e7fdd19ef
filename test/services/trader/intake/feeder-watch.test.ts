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
  const look = async (nowMs: number, set: Partial<typeof at> = {}) => {
    Object.assign(at, set, { nowMs });
    await watch.look();
    return watch.states()["scan-bridge"];
  };
  return look;
}

const beat = (updated_at: string, archive = "ok") =>
  JSON.stringify({ updated_at, facts: { dependencies: { archive }, inputs: [], queue: null } });

test("a bridge that beats is well, one that tells a failure is not, a silent one is down", async () => {
  const look = stage();
  expect(await look(0, { text: beat("a") })).toBe("ok");
  expect(await look(5_000, { text: beat("b", "hung") })).toBe("error");
  expect(await look(14_999)).toBe("error");
  expect(await look(15_000)).toBe("down");
  expect(await look(16_000, { text: beat("c") })).toBe("ok");
});

test("no heartbeat at all is a bridge that is down, after as long", async () => {
  const look = stage();
  expect(await look(0)).toBe("ok");
  expect(await look(10_000)).toBe("down");
});

test("nothing is known, and no silence counted, while Hazelcast is away", async () => {
  const look = stage();
  await look(0, { text: beat("a") });
  expect(await look(60_000, { isAway: true })).toBeUndefined();
  expect(await look(61_000, { isAway: false })).toBe("ok");
  expect(await look(71_000)).toBe("down");
});

test("what is no heartbeat stops nothing", async () => {
  const look = stage();
  expect(await look(0, { text: "[1" })).toBe("ok");
  expect(await look(10_000, { text: "{}" })).toBe("down");
});
