/** Events that the trader misses: a dead listener, scans that only the bridge's journal has, random deaths. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connectHazelcast } from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed } from "../../src/adapters/hazelcast/scan-feed.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { FeedSubscription } from "../../src/services/trader/intake/feed-subscription.ts";
import { FEATURES_MAP, parseScanHead, SCANS_RING } from "../../src/wire/scan-value.ts";
import { untilDone } from "../helpers/books.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import {
  auditBook,
  createFeeder,
  LIVELY,
  seqsTo,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";

const DAY = "2026-03-25";
const KILLS = process.env["LONG_FAULTS"] === undefined ? 12 : 100;
const KILL_AFTER_MS_MAX = 700;
const POLL_EVERY_MS = 500;
let lab: Lab;
const running: TraderProcess[] = [];

beforeAll(async () => {
  lab = await openLab("trader-gaps");
});
afterEach(async () => {
  for (const trader of running.splice(0)) await trader.kill();
  await lab.stopBridges();
});
afterAll(() => lab.close());

function start(place: TraderPlace): TraderProcess {
  const trader = spawnTrader(place, LIVELY);
  running.push(trader);
  return trader;
}

test("a listener that died is noticed within three looks at the first scan that it misses, and replaced", async () => {
  await lab.site();
  const feeder = createFeeder(lab.cluster);
  const hazelcast = await connectHazelcast({
    address: lab.address,
    cluster: "dolphin",
    name: "subscription",
    deadlineMs: 30_000,
  });
  await hazelcast.waitConnected(60_000);
  const feed = createScanFeed(hazelcast);
  let ids: readonly string[] = [];
  let heard = 0;
  let polls = 0;
  let pollsWhenHeard = 0;
  const subscription = new FeedSubscription({
    feed: { ...feed, listen: async (listeners) => (ids = await feed.listen(listeners)) },
    onScan(text) {
      heard = Math.max(heard, parseScanHead(text)?.seq ?? 0);
      pollsWhenHeard = polls;
    },
    feeds: [],
    heardSeq: () => heard,
    say() {},
  });
  const over = new AbortController();
  const looking = (async () => {
    for (; !over.signal.aborted; polls += 1) {
      await subscription.poll();
      await delay(POLL_EVERY_MS);
    }
  })();
  try {
    await until("it listens", () => subscription.isAnswered);
    await feeder.push(3);
    await until("it hears", () => heard === 3);
    const map = await hazelcast.client.getMap(FEATURES_MAP);
    for (const id of ids) await map.removeEntryListener(id);
    await feeder.push();
    const before = polls;
    await until("it has what was missed", () => heard === 4);
    expect(pollsWhenHeard - before).toBeLessThanOrEqual(3);
    await until("the listener is replaced", () => subscription.listenerDeaths === 1);
    // Without another look only the listener receives it.
    over.abort();
    await looking;
    expect(subscription.listenerDeaths).toBe(1);
    await feeder.push();
    await until("it hears again", () => heard === feeder.seq());
  } finally {
    over.abort();
    await looking;
    await hazelcast.shutdown();
  }
});

test("what the ringbuffer has forgotten is read from the bridge's journal and the archive", async () => {
  const site = await lab.site();
  const place = { ...site, address: lab.address };
  await site.start();
  const put = (from: number, to: number) => {
    for (let n = from; n <= to; n++) putFile(site.archive, `${DAY}/${scanName(n)}`, scanBytes(n));
  };
  const first = start(place);
  await first.ready();
  put(1, 3);
  await first.decided(3);
  await first.stop();
  put(4, 30);
  await site.journaled(30);
  await untilDone(site, lab.cluster);
  await (await lab.cluster.client.getRingbuffer(SCANS_RING)).destroy();
  const second = start(place);
  await second.ready();
  await second.decided(30);
  await second.stop();
  expect(auditBook(place).decided).toEqual(seqsTo(30));
});

test(`${KILLS} kills at random moments: one decision a seq, fills that add up, the ledger of a replay`, async () => {
  const site = await lab.site();
  const place = { ...site, address: lab.address };
  const feeder = createFeeder(lab.cluster, 5);
  const random = seededRandom(77);
  for (let kill = 0; kill < KILLS; kill++) {
    await feeder.posture();
    const trader = start(place);
    if (kill % 4 !== 3) await trader.ready();
    const endMs = performance.now() + random.uniform() * KILL_AFTER_MS_MAX;
    // The moment is the point: scans flow meanwhile.
    while (performance.now() < endMs) {
      await feeder.push();
      await delay(10);
    }
    await trader.kill();
  }
  const last = start(place);
  await last.ready();
  // On a busy machine few scans fell between the kills.
  await until("there is a trade", async () => {
    await feeder.posture();
    await feeder.push();
    return 0 < (await last.status()).trades;
  });
  await last.decided(feeder.seq());
  const status = await last.status();
  const answered = await last.ask({ command: "trades", after: 0, max: 1_000 });
  await last.stop();
  const audit = auditBook(place);
  expect(audit.decided).toEqual(seqsTo(feeder.seq(), audit.decided[0]));
  expect(audit.trader.data.account).toMatchObject({ cash: status.cash, trades: status.trades });
  expect(answered.trades?.trades).toHaveLength(audit.trades);
  expect(audit.trades).toBeGreaterThan(0);
});
