/**
 * Values that other programs may leave in Hazelcast, of every type number, form and size: no process ends because of
 * them.
 */
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PROVED_SEQ_KEY } from "../../src/domain/scan/audit.ts";
import { readHazelcast } from "../../src/operations/status/hazelcast-view.ts";
import { watchScans } from "../../src/embedded/scan-watch.ts";
import {
  CHECKPOINT_KEY,
  DONE_MAP,
  FEATURES_MAP,
  HEARTBEAT_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../src/wire/scan-value.ts";
import { SAFETY_KEY, SAFETY_MAP } from "../../src/wire/safety/posture-value.ts";
import { checkBooks, untilDone } from "../helpers/books.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import { createFeeder, spawnTrader } from "../helpers/trader.ts";

const DAY = "2026-03-25";
const TEXT_TYPE = -11;
let lab: Lab;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  lab = await openLab("foreign-values");
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
  await lab.stopBridges();
});
afterAll(() => lab.close());

/** A value as stored in the member: the client sends it as it is. */
const { HeapData }: { HeapData: new (bytes: Buffer) => object } = createRequire(import.meta.url)(
  "hazelcast-client/lib/serialization/HeapData.js",
);
function stored(type: number, payload: Buffer): object {
  const head = Buffer.alloc(8);
  head.writeInt32BE(type, 4);
  return new HeapData(Buffer.concat([head, payload]));
}
function storedText(text: string): object {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return stored(TEXT_TYPE, Buffer.concat([length, bytes]));
}

/** Type numbers of Hazelcast's own forms are -130 to -1; clients and applications add any others. */
const TYPES = [
  ...Array.from({ length: 140 }, (_, at) => -1 - at),
  -200,
  -600,
  1,
  4_711,
  2 ** 31 - 1,
  -(2 ** 31),
];
const GARBAGE = Buffer.from([0, 0, 0, 2, 1, 2, 3]);
/** It claims to be two gigabytes long. */
const BOASTING = stored(TEXT_TYPE, Buffer.from([127, 255, 255, 255, 1, 2, 3]));
const FOREIGN = [
  ...TYPES.flatMap((type) => [stored(type, GARBAGE), stored(type, Buffer.alloc(0))]),
  storedText("garbage"),
  storedText('{"seq":1e9,"scan_number":1}'),
  storedText("[".repeat(100_000)),
];

async function mapOf(name: string) {
  return lab.cluster.client.getMap<unknown, unknown>(name);
}

test("watch, trader and status ignore it, say so once, and go on with good text", async () => {
  const site = await lab.site();
  const trader = spawnTrader({ ...site, address: lab.address });
  ended.push(() => trader.kill());
  const said: string[] = [];
  const watch = await watchScans({
    address: lab.address,
    cluster: "dolphin",
    deadlineMs: 30_000,
    baseSeq: 0,
    onTrouble: (line) => said.push(line),
  });
  ended.push(() => watch.close());
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  await trader.ready();
  await trader.hearsHazelcast();
  await feeder.push(5);
  await trader.decided(5);

  const ring = await lab.cluster.client.getRingbuffer<unknown>(SCANS_RING);
  const [features, safety, heartbeats] = [
    await mapOf(FEATURES_MAP),
    await mapOf(SAFETY_MAP),
    await mapOf(HEARTBEAT_MAP),
  ];
  for (const value of FOREIGN) {
    await Promise.all([features.set(LATEST_KEY, value), safety.set(SAFETY_KEY, value)]);
  }
  await safety.set(SAFETY_KEY, storedText("x".repeat(40_000_000)));
  for (const map of [features, safety])
    await map.set(map === safety ? SAFETY_KEY : LATEST_KEY, BOASTING);
  await safety.set(SAFETY_KEY, FOREIGN[0]);
  await ring.addAll(FOREIGN);
  for (const value of FOREIGN.slice(-20)) {
    await heartbeats.set("scan-bridge", value);
    const view = await readHazelcast(watch.hazelcast, ["scan-bridge"]);
    expect(view).toMatchObject({ latestScan: null, heartbeats: new Map() });
  }
  await until("the trader heard them", async () => (await trader.status()).posture === "UNKNOWN");

  // The scans 6 to 8 stand between other programs' values, and only in the ringbuffer.
  for (let i = 0; i < 3; i++) await feeder.ring(feeder.nextText());
  await feeder.posture();
  await feeder.push(5);
  await trader.decided(13);
  await until("the posture counts again", async () => (await trader.status()).posture === "APEX");
  await until("the watch saw all", async () => {
    await watch.settle();
    return watch.seqs.highest === 13 && watch.seqs.holes.size === 0;
  });
  const log = readFileSync(join(site.data, "logs/trader-blue.log"), "utf8").split("\n");
  expect(said).toEqual([expect.stringContaining("has a value that is not a scan")]);
  expect(log.filter((line) => line.includes("is no scan"))).toHaveLength(1);
  expect(log.filter((line) => line.includes("holds no posture"))).toHaveLength(1);
  expect(trader.isGone()).toBe(false);
});

test("the watch continues with a ringbuffer and a map that were destroyed and created again", async () => {
  const ring = await lab.cluster.client.getRingbuffer<unknown>(SCANS_RING);
  const destroy = async () => Promise.all([ring.destroy(), (await mapOf(FEATURES_MAP)).destroy()]);
  await destroy();
  const watch = await watchScans({
    address: lab.address,
    cluster: "dolphin",
    deadlineMs: 30_000,
    baseSeq: 0,
    onTrouble: () => undefined,
  });
  ended.push(() => watch.close());
  const feeder = createFeeder(lab.cluster);
  const sawAll = async () => {
    await watch.settle();
    return watch.seqs.highest === feeder.seq() && watch.seqs.holes.size === 0;
  };
  await feeder.push(20);
  await until("the watch saw all", sawAll);
  // The new ring has come less far than the old one, then farther.
  for (const count of [5, 40]) {
    await destroy();
    await feeder.push(count);
    await until(`the watch saw the ${count} scans after the loss`, sawAll);
  }
  await until("it hears events again", async () => {
    await feeder.push();
    await watch.settle();
    const text = feeder.nextText();
    await feeder.tell(text);
    await feeder.push();
    const isHeard = !watch.seqs.holes.has(feeder.seq() - 1);
    await feeder.ring(text);
    return isHeard;
  });
  await until("the watch saw all", sawAll);
  expect(watch.seqs.seen).toBe(feeder.seq());
});

test("a bridge finds it in everything that it reads, and takes up its work", async () => {
  const site = await lab.site();
  putBacklog(site.archive, DAY, { from: 1, to: 3 });
  const first = await site.start();
  await site.journaled(3);
  await first.stop();
  // Without its journal it reads everything that it ever wrote to Hazelcast.
  rmSync(join(site.data, "journal"), { recursive: true });
  const done = await mapOf(DONE_MAP);
  const ring = await lab.cluster.client.getRingbuffer<unknown>(SCANS_RING);
  for (const [at, value] of FOREIGN.entries()) {
    await done.set(at % 2 === 0 ? `foreign-${at}` : at, value);
    await ring.add(value);
  }
  await done.set(true, JSON.stringify({ seq: 1, hash: "a".repeat(64) }));
  const noHash = "0".repeat(64);
  await done.set(`${DAY}/aaa.arrow`, JSON.stringify({ seq: 1e9, hash: noHash }));
  await done.set(`${DAY}/aab.arrow`, JSON.stringify({ seq: 2, hash: noHash }));
  const features = await mapOf(FEATURES_MAP);
  await features.set(CHECKPOINT_KEY, FOREIGN[100]);
  const bridge = await site.start();
  putFile(site.archive, `${DAY}/${scanName(4)}`, scanBytes(4));
  await until("a new scan is told", async () => {
    const latest = await lab.cluster.latest();
    return latest?.file === `${DAY}/${scanName(4)}` ? latest : null;
  });
  expect(bridge.isGone()).toBe(false);
  // A seq that nothing bears out gives no other scan a number, and takes no day away.
  expect((await lab.cluster.latest())?.seq).toBe(4);
  expect(site.readJournal((journal) => journal.meta(PROVED_SEQ_KEY))).toBeNull();
  expect(bridge.messages().filter((line) => line.includes("nothing confirms"))).toHaveLength(1);
});

test.each([
  ["an epoch at the limit", { epoch: 1e12 }],
  ["a seq beyond any number of scans", { seq: Number.MAX_SAFE_INTEGER - 1 }],
])("%s in latest is a stranger's: scans go on with their seqs", async (_what, change) => {
  const site = await lab.site();
  putBacklog(site.archive, DAY, { from: 1, to: 3 });
  const first = await site.start();
  await site.journaled(3);
  await first.stop();
  await untilDone(site, lab.cluster);
  const latest = await lab.cluster.latest();
  const features = await mapOf(FEATURES_MAP);
  await features.set(LATEST_KEY, JSON.stringify({ ...latest, ...change }));
  await site.start();
  putFile(site.archive, `${DAY}/${scanName(4)}`, scanBytes(4));
  await site.journaled(4);
  const published = await until("it is told", async () => {
    const value = await lab.cluster.latest();
    return value?.file === `${DAY}/${scanName(4)}` ? value : null;
  });
  expect(published.seq).toBe(4);
  // Any scan of a batch of ours: it is published after the latest scan.
  expect([1, 2, 3, 4]).toContain((await lab.cluster.checkpoint())?.seq);
  expect(published.epoch).toBeLessThan(1_000);
  await checkBooks(site, lab.cluster);
});
