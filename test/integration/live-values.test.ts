/**
 * What pages read from a real member: each feed by its own budget, both books, order books; and nothing once it is
 * gone.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { isoFromMs } from "../../src/domain/time.ts";
import type { HazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import {
  readBookValues,
  readFeeds,
  readOrderBooks,
} from "../../src/operations/view/live-values.ts";
import {
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
} from "../helpers/servers.ts";

const NOW_MS = Date.parse("2026-03-25T10:00:00Z");
const nowUs = NOW_MS * 1_000;
const specs = Object.values(SERVICES);
let dir = "";
let member: HazelcastMember;
let hazelcast: HazelcastHandle;

beforeAll(async () => {
  dir = makeTemporaryDirectory("live-values");
  member = await startTestHazelcast(dir);
  const where = { address: member.address, cluster: "dolphin", prefix: "ours_" };
  hazelcast = await connectHazelcast({ ...where, name: "test", deadlineMs: 10_000 });
  await hazelcast.waitConnected(60_000);
});
afterAll(async () => {
  await hazelcast.shutdown();
  await member.stop();
  removeTemporaryDirectory(dir);
});

const ago = (seconds: number) => isoFromMs(NOW_MS - seconds * 1_000);

async function put(map: string, key: string, value: unknown): Promise<void> {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  await (await hazelcast.client.getMap<string, string>(map)).set(key, text);
}

const feedsNow = () => readFeeds(hazelcast, specs, { indicators: ["exf_funding"], nowUs });

async function stateOf(feed: string) {
  const row = (await feedsNow())?.find((one) => one.feed === feed);
  return row === undefined ? null : [row.state, row.ageS, row.source];
}

test("each feed has its own time and budget; what was never pushed, and what is no feed, is shown as such", async () => {
  expect(await stateOf("safety")).toEqual(["never", null, "watchdog"]);
  await put("DOLPHIN_SAFETY", "latest", { posture: "APEX", ts: ago(5) });
  expect(await stateOf("safety")).toEqual(["fresh", 5, "watchdog"]);
  await put("DOLPHIN_SAFETY", "latest", { posture: "APEX", ts: ago(60) });
  expect(await stateOf("safety")).toEqual(["old", 60, "watchdog"]);
  const funding = { as_of: ago(700), _pushed_at: ago(1), warn_s: 60, stale_s: 600, source: "test" };
  await put("DOLPHIN_FEATURES", "exf_funding", funding);
  expect(await stateOf("exf_funding")).toEqual(["stale", 700, "test"]);
  await put("DOLPHIN_FEATURES", "exf_funding", "{");
  expect(await stateOf("exf_funding")).toEqual(["unreadable", null, null]);
});

test("both books are read with their last days, and an order book level by level", async () => {
  await put("DOLPHIN_STATE_GREEN", "latest_nautilus", { equity: 7, updated_at: ago(1) });
  await put("DOLPHIN_PNL_GREEN", "2026-03-24", { date: "2026-03-24", realized_pnl: 3 });
  await put("DOLPHIN_PNL_GREEN", "2025-01-01", { date: "2025-01-01", realized_pnl: 9 });
  expect(await readBookValues(hazelcast, nowUs)).toEqual([
    { book: "BLUE", state: null, days: [] },
    {
      book: "GREEN",
      state: { equity: 7, updated_at: ago(1) },
      days: [{ date: "2026-03-24", realized_pnl: 3 }],
    },
  ]);
  const times = { as_of: ago(1), received_at: ago(1), source: "simulated" };
  await put("DOLPHIN_FEATURES", "ob_X", { asset: "X", bids: [[9, 1]], asks: [[10, 2]], ...times });
  await put("DOLPHIN_FEATURES", "ob_Y", { asset: "Y", bids: [[11, 1]], asks: [[10, 2]], ...times });
  expect((await readOrderBooks(hazelcast, "X"))?.book).toEqual({
    asset: "X",
    asOfMs: NOW_MS - 1_000,
    source: "simulated",
    bids: [[9, 1]],
    asks: [[10, 2]],
  });
  // Crossed: no book.
  expect((await readOrderBooks(hazelcast, "Y"))?.book).toBeNull();
});

test("without an answer nothing is known, rather than what was read last", async () => {
  await member.stop();
  expect(await feedsNow()).toBeNull();
  expect(await readBookValues(hazelcast, nowUs)).toBeNull();
  expect(await readOrderBooks(hazelcast, "X")).toBeNull();
});
