/** The bridge behind a network that resets, drops and delays: every scan once, and the outage is reported. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { startTcpProxy, type TcpProxy } from "../helpers/faults/tcp-proxy.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const DAY = "2026-03-25";
const SWALLOW_BEATS = process.env["LONG_FAULTS"] === undefined ? 6 : 90;
let lab: Lab;
let proxy: TcpProxy;
let address: string;
beforeAll(async () => {
  const port = await findFreePort();
  lab = await openLab("bridge-network", port);
  proxy = await startTcpProxy(port, lab.port);
  address = `127.0.0.1:${port}`;
});
afterEach(async () => {
  proxy.restore();
  await lab.stopBridges();
});
afterAll(async () => {
  await lab.close();
  await proxy.close();
});

test("connections reset again and again while scans arrive", async () => {
  const site = await lab.site({ address });
  const bridge = await site.start();
  let scanNumber = 0;
  for (let round = 0; round < 10; round++) {
    const from = scanNumber + 1;
    scanNumber += 10;
    putLive(site, from, scanNumber);
    // In the middle of what was just asked for.
    proxy.reset();
    putLive(site, scanNumber + 1, scanNumber + 2);
    scanNumber += 2;
    proxy.restore();
    await site.journaled(scanNumber);
  }
  await checkBooks(site, lab.cluster);
  expect(bridge.isGone()).toBe(false);
});

test(`${SWALLOW_BEATS} beats in which nothing gets through`, async () => {
  const site = await lab.site({ address });
  const bridge = await site.start();
  putLive(site, 1, 5);
  await site.journaled(5);
  proxy.swallow();
  putLive(site, 6, 30);
  await bridge.beatWhere("it waits", ({ state }) => state === "waiting: hazelcast");
  const from = bridge.beats.length;
  await until(`${SWALLOW_BEATS} beats`, () => from + SWALLOW_BEATS <= bridge.beats.length);
  proxy.restore();
  await site.journaled(30);
  await bridge.beatWhere("all is well", ({ state }) => state === "running");
  await checkBooks(site, lab.cluster);
  expect(bridge.isGone()).toBe(false);
});

test("a network far slower than usual, and far from the deadline of a call, is no outage", async () => {
  const site = await lab.site({ address });
  const bridge = await site.start({ deadlineMs: 30_000 });
  putLive(site, 1, 1);
  await site.journaled(1);
  proxy.delay(250);
  putLive(site, 2, 40);
  await site.journaled(40);
  await until("all is told", async () => (await lab.cluster.latest())?.seq === 40);
  proxy.delay(0);
  await checkBooks(site, lab.cluster);
  expect(bridge.beats.filter(({ state }) => state === "waiting: hazelcast")).toEqual([]);
});

function putLive(site: Site, from: number, to: number): void {
  for (let scanNumber = from; scanNumber <= to; scanNumber++) {
    putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  }
}
