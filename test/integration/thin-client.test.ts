/** The thin client against a real member: every other client reads what it puts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { FOREIGN } from "../../src/adapters/hazelcast/foreign.ts";
import { createThinClient } from "../../src/adapters/hazelcast/thin-client.ts";
import { openLab, type Lab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab("thin-client");
});
afterAll(async () => {
  await lab.close();
});

test("puts texts that others read, reads theirs, reports a wrong cluster, and reconnects after its member was away", async () => {
  const { address } = lab;
  const about = { address, cluster: "dolphin", name: "thin", deadlineMs: 20_000 };
  const client = createThinClient(about);
  const keys = Array.from({ length: 20 }, (_, at) => `key ${at}`);
  for (const key of keys) await client.set("THIN", key, `Grüße ${key}`);
  const map = await lab.cluster.client.getMap<string, string>("THIN");
  const read = await Promise.all(keys.map(async (key) => map.get(key)));
  expect(read).toEqual(keys.map((key) => `Grüße ${key}`));
  const got = await Promise.all(keys.map(async (key) => client.get("THIN", key)));
  expect(got).toEqual(read);
  expect(await client.get("THIN", "nothing")).toBeNull();
  const others = await lab.cluster.client.getMap<string, unknown>("THIN_OTHERS");
  const long = "9".repeat(9_000_000);
  for (const [key, value] of Object.entries({ number: 7, object: { a: 1 }, long })) {
    await others.set(key, value);
  }
  expect(await client.get("THIN_OTHERS", "number")).toBe(FOREIGN);
  expect(await client.get("THIN_OTHERS", "object")).toBe(FOREIGN);
  expect((await client.get("THIN_OTHERS", "long")) === long).toBe(true);
  client.close();
  await client.set("THIN", "after", "closed");
  expect(await map.get("after")).toBe("closed");
  client.close();
  const apart = createThinClient({ ...about, prefix: "NEXT_" });
  await apart.set("THIN", "after", "apart");
  apart.close();
  expect(await map.get("after")).toBe("closed");
  const other = await lab.cluster.client.getMap<string, string>("NEXT_THIN");
  expect(await other.get("after")).toBe("apart");
  const stranger = createThinClient({ ...about, cluster: "another" });
  await expect(stranger.set("THIN", "x", "y")).rejects.toThrow(
    "is not a member of cluster another",
  );
  const nobody = createThinClient({ ...about, address: "127.0.0.1:1", deadlineMs: 500 });
  await expect(nobody.set("THIN", "x", "y")).rejects.toThrow("ECONNREFUSED");
});

test("hears every write of a key, also on its next connection, and reads a ringbuffer and a map", async () => {
  const { address } = lab;
  const heard: unknown[] = [];
  let times = 0;
  const client = createThinClient({
    address,
    cluster: "dolphin",
    name: "thin",
    deadlineMs: 20_000,
    heard: {
      map: "THIN_HEARD",
      key: "newest",
      onListening: () => (times += 1),
      onValue: (value) => heard.push(value),
    },
  });
  const map = await lab.cluster.client.getMap<string, unknown>("THIN_HEARD");
  expect(await client.get("THIN_HEARD", "newest")).toBeNull();
  for (const value of ["first", "Grüße", 7]) await map.set("newest", value);
  await map.set("another", "not listened to");
  await until("all were heard", () => heard.length === 3);
  expect(heard).toEqual(["first", "Grüße", FOREIGN]);
  const entries = await client.entries("THIN_HEARD");
  expect(new Map(entries)).toEqual(
    new Map<unknown, unknown>([
      ["newest", FOREIGN],
      ["another", "not listened to"],
    ]),
  );
  client.close();
  expect(await client.get("THIN_HEARD", "another")).toBe("not listened to");
  await map.set("newest", "again");
  await until("it is heard again", () => heard.length === 4);
  expect([times, heard.at(-1)]).toEqual([2, "again"]);

  const ring = client.ring("THIN_RING");
  expect([await ring.tail(), await ring.head()]).toEqual([-1, 0]);
  const others = await lab.cluster.client.getRingbuffer<unknown>("THIN_RING");
  const items = Array.from({ length: 9 }, (_, index) => (index === 4 ? index : `item ${index}`));
  for (const item of items) await others.add(item);
  expect([await ring.tail(), await ring.head()]).toEqual([8, 0]);
  expect(await ring.readOne(8)).toBe("item 8");
  expect(await ring.readMany(3, 3)).toEqual(["item 3", FOREIGN, "item 5"]);
  expect(await ring.readMany(7, 100)).toEqual(["item 7", "item 8"]);
  client.close();
});
