import { expect, test } from "vitest";
import { FeedListeners } from "../../../src/adapters/hazelcast/feed-listeners.ts";
import { underDeadline } from "../../../src/adapters/hazelcast/under-deadline.ts";

/** A map that takes and ends listeners when the test says so. */
function slowMap() {
  const standing = new Set<string>();
  const cluster = { isSlow: false, refusesToEnd: false, count: 0 };
  const late: (() => void)[] = [];
  const map = {
    addEntryListener: (_: unknown, key: string) =>
      new Promise<string>((resolve) => {
        cluster.count += 1;
        const id = `${key} ${cluster.count}`;
        const take = () => {
          standing.add(id);
          resolve(id);
        };
        if (cluster.isSlow && key === "slow") late.push(take);
        else take();
      }),
    removeEntryListener(id: string) {
      if (cluster.refusesToEnd) return Promise.reject(new Error("away"));
      return Promise.resolve(standing.delete(id));
    },
  };
  const listeners = new FeedListeners({
    mapOf: () => Promise.resolve(map),
    call: (what, start) => underDeadline({ what, start, deadlineMs: 5 }),
  });
  const listen = () =>
    listeners.listen(["quick", "slow"].map((key) => ({ map: "any", key, hear() {} })));
  return { cluster, standing, late, listeners, listen };
}

test("what a slow cluster took in spite of all is ended, also what it takes late", async () => {
  const { cluster, standing, late, listen } = slowMap();
  cluster.isSlow = true;
  for (let times = 0; times < 3; times += 1) await expect(listen()).rejects.toThrow("no answer");
  await expect.poll(() => [...standing]).toEqual([]);
  cluster.isSlow = false;
  const ids = await listen();
  for (const take of late) take();
  await expect.poll(() => [...standing].toSorted()).toEqual([...ids].toSorted());
  expect(late).toHaveLength(3);
});

test("a listener whose end was not answered is ended later, and the new ones serve meanwhile", async () => {
  const { cluster, standing, listeners, listen } = slowMap();
  const before = await listen();
  cluster.refusesToEnd = true;
  const ids = await listen();
  await listeners.endOthers();
  expect([...standing].toSorted()).toEqual([...before, ...ids].toSorted());
  cluster.refusesToEnd = false;
  await expect
    .poll(async () => {
      await listeners.endOthers();
      return [...standing].toSorted();
    })
    .toEqual([...ids].toSorted());
});
