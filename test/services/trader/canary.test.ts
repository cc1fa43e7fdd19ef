import { expect, test } from "vitest";
import { Canary } from "../../../src/services/trader/canary.ts";

/** A cluster whose reads are answered when the test says so. */
function stage() {
  const told: unknown[] = [];
  const answers: (() => void)[] = [];
  const readLater = (value: unknown) =>
    new Promise((resolve) => answers.push(() => resolve(value)));
  const cluster: { posture: unknown } = { posture: "calm" };
  const canary = new Canary({
    feed: {
      listen: async () => [],
      readLatest: () => readLater(null),
      // What stands there when the read arrives.
      readPosture: () => readLater(cluster.posture),
    },
    listeners: {
      onScan() {},
      onPosture(text) {
        canary.postureHeard(text);
        told.push(text);
      },
    },
    heardSeq: () => 0,
    say() {},
  });
  const look = async (meanwhile: () => void) => {
    const looked = canary.look();
    await Promise.resolve();
    meanwhile();
    for (const answer of answers.splice(0)) answer();
    await looked;
  };
  const event = (text: string) => {
    cluster.posture = text;
    canary.postureHeard(text);
    told.push(text);
  };
  return { told, look, event };
}

test("a posture that was heard while an older one was being read is not overwritten by it", async () => {
  const { told, look, event } = stage();
  await look(() => event("HIBERNATE"));
  expect(told).toEqual(["HIBERNATE"]);
});

test("a posture that no event brought is told, once", async () => {
  const { told, look } = stage();
  await look(() => {});
  await look(() => {});
  expect(told).toEqual(["calm"]);
});
