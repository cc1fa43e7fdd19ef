/** The bridge under a backlog: killed, stopped, frozen while events overflow, its logs rotated. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { LOG_LINE_BYTES_MAX } from "../../src/adapters/logger.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Bridge, type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const DAY = "2026-03-25";
const KILLS = process.env["LONG_FAULTS"] === undefined ? 10 : 200;
const KILL_AFTER_MS_MAX = 400;
/** More than the kernel queues for a watch: 16,384. */
const OVERFLOW_FILES = 20_000;
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-crashes");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

test(`${KILLS} kills at random moments of a backlog: every scan once, nothing lacks`, async () => {
  const site = await lab.site();
  const random = seededRandom(1_808);
  let scans = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const bridge = site.spawn();
    putBacklog(site.archive, DAY, { from: scans + 1, to: scans + 60 });
    scans += 60;
    // Every other one dies while it starts. The moment is the point, whatever the test could look at: of either kind
    // one lies in each part of the time, so that no part is left out.
    if (kill % 2 === 0) await bridge.ready;
    const moment = (Math.floor(kill / 2) + random.uniform()) / (KILLS / 2);
    await delay(moment * KILL_AFTER_MS_MAX);
    await bridge.kill();
  }
  await site.start();
  await site.journaled(scans);
  await checkBooks(site, lab.cluster);
  expect(site.lastSeq()).toBe(scans);
});

test("SIGTERM in a backlog ends it before the rest, twice is no harm, and the rest follows", async () => {
  const site = await lab.site();
  putBacklog(site.archive, DAY, { from: 1, to: 10_000 });
  const first = await site.start();
  await site.journaled(200);
  first.signal("SIGTERM");
  first.signal("SIGTERM");
  first.signal("SIGINT");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(site.lastSeq()).toBeLessThan(10_000);
  const second = await site.start();
  await site.journaled(10_000);
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ scanNumber }) => scanNumber)).toEqual(scans.map(({ seq }) => seq));
  await checkReplayed(site, second);
});

test(`${OVERFLOW_FILES} files while nobody reads events: none is lost`, async () => {
  const site = await lab.site();
  const bridge = await site.start();
  putFile(site.archive, `${DAY}/${scanName(1)}`, scanBytes(1));
  await site.journaled(1);
  bridge.signal("SIGSTOP");
  putBacklog(site.archive, DAY, { from: 2, to: OVERFLOW_FILES });
  bridge.signal("SIGCONT");
  await site.journaled(OVERFLOW_FILES);
  await checkBooks(site, lab.cluster);
  expect(site.lastSeq()).toBe(OVERFLOW_FILES);
  expect(bridge.isGone()).toBe(false);
});

test("logs are rotated under load, and stay within their bounds", async () => {
  const site = await lab.site();
  const folder = join(site.archive, DAY);
  mkdirSync(folder, { recursive: true });
  // Each is reported in a line of the log.
  for (let bad = 0; bad < 1_000; bad++) writeFileSync(join(folder, `bad-${bad}.arrow`), "no scan");
  putBacklog(site.archive, DAY, { from: 1, to: 100 });
  const bridge = await site.start({
    yaml: ["scan_bridge: { reconcile_s: 0.3 }", "log: { rotate_mb: 0.02, rotate_files: 3 }"],
  });
  await site.settled(1_100);
  await checkBooks(site, lab.cluster);
  const logs = readdirSync(join(site.data, "logs")).filter((name) =>
    name.startsWith("scan-bridge"),
  );
  expect(logs.length).toBeGreaterThan(1);
  expect(logs.length).toBeLessThanOrEqual(3);
  for (const name of logs) {
    // A file is full with the line that crosses its bound.
    expect(statSync(join(site.data, "logs", name)).size).toBeLessThan(20_000 + LOG_LINE_BYTES_MAX);
  }
  expect(bridge.beat()?.counters["log_dropped"] ?? 0).toBe(0);
  expect(bridge.isGone()).toBe(false);
});

/** What waited before a start is replayed; what comes while it watches is live. */
async function checkReplayed(site: Site, bridge: Bridge): Promise<void> {
  await bridge.beatWhere("the backlog is done", ({ facts }) => facts?.queue?.waiting === 0);
  putFile(site.archive, `${DAY}/${scanName(20_001)}`, scanBytes(20_001));
  const latest = await until("the live scan is told", async () => {
    const value = await lab.cluster.latest();
    return value?.scan_number === 20_001 ? value : null;
  });
  expect(latest.replayed).toBe(false);
  const ring = await lab.cluster.ring();
  expect(ring.filter(({ scan_number: number, replayed }) => number <= 10_000 && !replayed)).toEqual(
    [],
  );
}
