/** The bridge with a Hazelcast that holds garbage, freezes, is cut off, dies or comes back empty. */
import { statSync, truncateSync } from "node:fs";
import { Client, HazelcastJsonValue } from "hazelcast-client";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { CHECKPOINT_KEY, FEATURES_MAP, LATEST_KEY } from "../../src/wire/scan-value.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import { sendSignal } from "../helpers/processes.ts";

const DAY = "2026-03-25";
const FROZEN_BEATS = process.env["LONG_FAULTS"] === undefined ? 6 : 90;
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-cluster");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

/** What no other client can read: its serializer is known to one client of the test only. */
class Foreign {
  readonly hzCustomId = 4_711;
}
const FOREIGN = { id: 4_711, read: () => new Foreign(), write() {} };

const FIRST_GENERATION = JSON.stringify({
  scan_number: 8_812,
  timestamp: "2026-03-25T10:20:30.123456",
  assets: ["BTCUSDT"],
  asset_prices: [67_123.45],
  eigenvalues: [],
  bridge_ts: "2026-03-25T10:20:31",
  bridge_source: "prefect_scan_bridge",
});
const HEAD = {
  scan_number: 5,
  seq: 5,
  epoch: 3,
  instance: "x",
  file: `${DAY}/x.arrow`,
  file_mtime: "2026-03-25T00:00:00.000000+00:00",
  late: false,
};

test.each<[string, unknown]>([
  ["an empty text", ""],
  ["no JSON", "}{ \u0000 not json"],
  ["JSON null", "null"],
  ["a list", "[1,2]"],
  ["100,000 levels", "[".repeat(100_000) + "]".repeat(100_000)],
  ["nine megabytes", JSON.stringify({ ...HEAD, pad: "x".repeat(9_000_000) })],
  ["a prototype", '{"__proto__":{"epoch":9,"instance":"x","seq":9,"files":[],"from":1}}'],
  ["the first generation's value", FIRST_GENERATION],
  ["missing fields", JSON.stringify({ scan_number: 5, seq: 5, epoch: 7 })],
  ["negative and broken numbers", JSON.stringify({ ...HEAD, seq: -1, from: 0.5, epoch: "7" })],
  ["the largest epoch", JSON.stringify({ ...HEAD, from: 6, files: [], epoch: 2 ** 53 - 1 })],
  ["files outside", `{"epoch":1,"instance":"x","from":1,"seq":1,"files":["../../etc/passwd"]}`],
  ["a truth value", true],
  ["a number", 5.5],
  ["an integer", 7],
  ["bytes", Buffer.from("abc")],
  ["a JSON value", new HazelcastJsonValue(FIRST_GENERATION)],
  ["a list of texts", ["a", "b"]],
  ["what only another program can read", new Foreign()],
])("%s in latest and checkpoint stops nothing", async (_what, value) => {
  const site = await lab.site();
  // Python writes whole numbers as Integer.
  const other = await Client.newHazelcastClient({
    clusterName: "dolphin",
    network: { clusterMembers: [lab.address] },
    serialization: {
      defaultNumberType: value === 7 ? "integer" : "double",
      customSerializers: [FOREIGN],
    },
    customLogger: SILENT,
  });
  const map = await other.getMap<string, unknown>(FEATURES_MAP);
  for (const key of [LATEST_KEY, CHECKPOINT_KEY]) await map.set(key, value);
  putBacklog(site.archive, DAY, { from: 1, to: 3 });
  const bridge = await site.start();
  const first = await until("latest is ours", async () => {
    const latest = await lab.cluster.latest().catch(() => null);
    return latest?.file === `${DAY}/${scanName(3)}` ? latest : null;
  });
  // Somebody else writes while the bridge runs.
  await map.set(LATEST_KEY, value);
  putFile(site.archive, `${DAY}/${scanName(4)}`, scanBytes(4));
  await until("latest is ours again", async () => {
    const latest = await lab.cluster.latest().catch(() => null);
    return latest?.seq === first.seq + 1;
  });
  await other.shutdown();
  expect(bridge.isGone()).toBe(false);
});

test("a frozen Hazelcast is reported, holds nothing up for good, and costs no scan", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  putLive(site, 1, 5);
  await site.journaled(5);
  const frozen = lab.member().pid;
  sendSignal(frozen, "SIGSTOP");
  try {
    putLive(site, 6, 40);
    await bridge.beatWhere(
      "it waits for Hazelcast",
      ({ state, facts }) =>
        state === "waiting: hazelcast" && facts?.dependencies["hazelcast"] === "down",
    );
    const from = bridge.beats.length;
    await until("it was frozen for long", () => from + FROZEN_BEATS <= bridge.beats.length);
    // Beats went on, and none of them was silent about it.
    const states = new Set(bridge.beats.slice(from).map(({ state }) => state));
    expect([...states]).toEqual(["waiting: hazelcast"]);
  } finally {
    sendSignal(frozen, "SIGCONT");
  }
  await site.journaled(40);
  await checkBooks(site, lab.cluster);
  await bridge.beatWhere("all is well", ({ state }) => state === "running");
  expect(bridge.isGone()).toBe(false);
});

test("a bridge asked to stop while Hazelcast is frozen ends before it is back", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  putLive(site, 1, 5);
  await site.journaled(5);
  sendSignal(lab.member().pid, "SIGSTOP");
  try {
    putLive(site, 6, 10);
    await bridge.beatWhere("it waits", ({ state }) => state === "waiting: hazelcast");
    expect((await bridge.stop()).code).toBe(0);
  } finally {
    sendSignal(lab.member().pid, "SIGCONT");
  }
  await site.start();
  await site.journaled(10);
  await checkBooks(site, lab.cluster);
});

test.each(["idle", "in a backlog"])(
  "a Hazelcast that comes back empty is filled with the same seqs (%s)",
  async (when) => {
    const site = await lab.site();
    putBacklog(site.archive, DAY, { from: 1, to: when === "idle" ? 100 : 6_000 });
    const bridge = await site.start();
    await site.journaled(100);
    if (when === "idle") await checkBooks(site, lab.cluster);
    const before = site.readJournal((journal) => journal.scans(1, 100).map(({ file }) => file));
    await lab.replaceMember(async () => {
      putLive(site, 6_001, 6_010);
      await bridge.beatWhere("it waits", ({ state }) => state === "waiting: hazelcast");
    });
    await site.settled(when === "idle" ? 110 : 6_010);
    const { scans } = await checkBooks(site, lab.cluster);
    expect(scans.slice(0, 100).map(({ file }) => file)).toEqual(before);
    const refilled = (await lab.cluster.ring()).filter(({ seq }) => seq <= 100);
    expect(refilled.every(({ replayed }) => replayed)).toBe(true);
    expect(bridge.isGone()).toBe(false);
  },
);

test("a machine that goes down takes all of Hazelcast and the end of the journal: seqs go on", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  // A transaction each.
  for (let scanNumber = 1; scanNumber <= 10; scanNumber++) {
    putLive(site, scanNumber, scanNumber);
    await site.journaled(scanNumber);
  }
  const before = site.readJournal((journal) => journal.scans(1, 10).map(({ file }) => file));
  await lab.replaceMember(async () => {
    await bridge.kill();
    const log = `${site.journalFile}-wal`;
    truncateSync(log, statSync(log).size / 2);
  });
  const kept = site.readJournal((journal) => journal.lastSeq()) ?? 0;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(10);
  const next = await site.start();
  putLive(site, 11, 12);
  await site.settled(12);
  await checkBooks(site, lab.cluster);
  const after = site.readJournal((journal) => journal.scans(1, 12).map(({ file }) => file));
  expect(after?.slice(0, kept)).toEqual(before?.slice(0, kept));
  expect(next.isGone()).toBe(false);
});

function putLive(site: Site, from: number, to: number): void {
  for (let scanNumber = from; scanNumber <= to; scanNumber++) {
    putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  }
}

const SILENT = {
  log() {},
  error() {},
  warn() {},
  info() {},
  debug() {},
  trace() {},
};
