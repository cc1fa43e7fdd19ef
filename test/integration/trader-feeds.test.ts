/** One more feed for the trader is one row: it is received, recorded, read by a strategy, and replayed. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { connectHazelcast } from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { createFeatureStore } from "../../src/adapters/indicators/feature-store.ts";
import { ReadingsStore, readingsPath } from "../../src/adapters/indicators/readings-store.ts";
import { booksFolder } from "../../src/adapters/order-book/book-archive.ts";
import { createBookRecorder } from "../../src/adapters/order-book/book-recorder.ts";
import { bookFeatures } from "../../src/domain/order-book/features.ts";
import type { TraderEvent } from "../../src/domain/trading/events.ts";
import { bookOf } from "../../src/domain/trading/market/asset-book.ts";
import { startSimulatedVenues } from "../../src/embedded/simulated-venues/simulated-venues.ts";
import { configuredIndicator } from "../../src/operations/indicators/configured-indicators.ts";
import { refreshIndicator } from "../../src/operations/indicators/refresh-indicator.ts";
import { bookText } from "../../src/wire/order-book/book-values.ts";
import { FEATURES_MAP } from "../../src/wire/scan-value.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import {
  createFeeder,
  lastDayOf,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { archiveLog } from "../helpers/trading/archive-of-log.ts";
import { DOLPHIN } from "../helpers/up.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Enters while it is hot, and reads the rain without declaring it. */
const STRATEGY = `
import { defineStrategy } from "${ROOT}/src/domain/trading/strategy.ts";
export default defineStrategy({
  name: "weather-watcher", version: 1, inputs: ["scan", "posture", "weather.heat"], carried: [],
  defaults: { share: 0.1 }, presets: {},
  lookBackScans: () => 1, positionsMax: () => 1, remember: () => ({ scans: 0 }),
  observe: (memory) => { memory.scans += 1; },
  isWarm: () => true,
  decide: (_, view, { share }) => view.feature("weather.heat") < 30 ? null : {
    column: 0, direction: "long", share, strength: view.feature("weather.rain"),
    plan: { takeProfit: 0.5, stopLoss: 0.5, holdScansMax: 1, bucket: "fixed" },
  },
  readings: ({ scans }) => ({ scans }),
});
`;

let lab: Lab;
const running: TraderProcess[] = [];

beforeAll(async () => {
  lab = await openLab("trader-feeds");
});
afterEach(async () => {
  for (const trader of running.splice(0)) await trader.kill();
});
afterAll(() => lab.close());

async function begin() {
  const place = { ...(await lab.site()), address: lab.address };
  writeFileSync(join(place.dir, "mine.ts"), STRATEGY);
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  const start = async (feeds: readonly string[]) => {
    const settings = { ...LIVELY, parameters: {}, strategy: "./mine.ts" };
    // The row's budget, in the configuration: the row is known to the trader of this test alone.
    const trader = {
      ...settings,
      age_budgets_s: { ...LIVELY.age_budgets_s, "weather.heat": 3_600 },
    };
    const process = spawnTrader(place, trader, { TEST_STEP: "never" }, { feeds });
    running.push(process);
    return process;
  };
  const features = await lab.cluster.client.getMap<string, string>(FEATURES_MAP);
  const weather = (heat: number, rain: number) =>
    features.set("weather_latest", JSON.stringify({ heat, rain, as_of: Date.now() }));
  const garbage = () => features.set("weather_latest", "fog");
  const read = () => eventsOf(place);
  return { place, feeder, start, weather, garbage, read };
}

test("a row's readings are recorded with their time, decide, and are replayed to the same", async () => {
  const { place, feeder, start, weather, garbage, read } = await begin();
  await weather(10, 1);
  const first = await start(["weather"]);
  await first.ready();
  await first.beatWhere("it has the weather", ({ facts }) =>
    facts!.inputs.some(({ name, ageS }) => name === "weather" && ageS !== null),
  );
  await feeder.push(3);
  await first.decided(3);
  expect(await first.status()).toMatchObject({ positions: [], trades: 0 });
  await garbage();
  await first.beatWhere("it says what it can't read", ({ facts, counters }) => {
    const says = facts!.notes?.find(({ of }) => of === "weather")?.says;
    return says?.includes("holds no weather") === true && counters["feed_values_unreadable"] !== 0;
  });
  await weather(35, 2);
  // An earlier beat says the same: that it is in the log is waited for.
  await until("it can read it again", () => heats(read()).includes(35));
  await feeder.push(6);
  await first.decided(9);
  await first.kill();
  // Whatever is stored there when it comes back is known already.
  const second = await start(["weather"]);
  await second.ready();
  await second.hearsHazelcast();
  while ((await second.status()).trades < 2) {
    await feeder.push(1);
    await second.decided(feeder.seq());
  }
  const { trades } = await second.status();
  expect(await second.stop()).toBe(0);
  const features = read().flatMap((event) => (event.kind === "feature" ? [event] : []));
  expect(features.map(({ name, value }) => [name, value])).toEqual([
    ["weather.heat", 10],
    ["weather.rain", 1],
    ["weather.heat", 35],
    ["weather.rain", 2],
  ]);
  for (const { asOfMs, nowMs } of features) expect(asOfMs).toBeLessThanOrEqual(nowMs);
  expect(await replayLastDay(place)).toMatchObject({ verdict: "equal", trades });
});

test("a declared input that no configured feed brings is said, and lets nothing through", async () => {
  const { feeder, start, weather, read } = await begin();
  await weather(35, 2);
  const trader = await start([]);
  await trader.ready();
  await trader.hearsHazelcast();
  await feeder.push(3);
  await trader.decided(3);
  const { facts } = await trader.beatWhere("it says so", ({ facts: found }) =>
    found!.notes!.some(({ of }) => of === "weather.heat"),
  );
  expect(facts!.inputs.map(({ name }) => name)).toEqual(["scans"]);
  expect(read().filter(({ kind }) => kind === "feature")).toEqual([]);
});

function heats(events: readonly TraderEvent[]): readonly number[] {
  return events.flatMap((one) =>
    one.kind === "feature" && one.name === "weather.heat" ? [one.value] : [],
  );
}

/** Enters on the side that more is bid on, once it knows the rate; both are in the decision's text. */
const LEANING = `
import { defineStrategy } from "${ROOT}/src/domain/trading/strategy.ts";
export default defineStrategy({
  name: "leaning", version: 1, inputs: ["scan", "posture", "exf_funding.BTCUSDT", "book"], carried: [],
  defaults: {}, presets: {},
  lookBackScans: () => 1, positionsMax: () => 1, remember: () => ({ scans: 0 }),
  observe: (memory) => { memory.scans += 1; },
  isWarm: () => true,
  decide: (_, view) => {
    const book = view.book(0);
    const rate = view.feature("exf_funding.BTCUSDT");
    if (book === null || Number.isNaN(rate)) return null;
    return {
      column: 0, direction: book.imbalance5 > 0 ? "long" : "short", share: 0.1, strength: book.imbalance5 + rate,
      plan: { takeProfit: 0.5, stopLoss: 0.5, holdScansMax: 1, bucket: "fixed" },
    };
  },
  readings: ({ scans }) => ({ scans }),
});
`;
const AHEAD: Readonly<Record<string, number>> = { "exf_funding.BTCUSDT": 3_600, book: 3_600 };

/** Rates as a worker reads them from a venue, and books as the order-book service publishes and records them. */
async function openInputs({ data, address }: TraderPlace) {
  const at = { address, cluster: "dolphin", name: "test inputs", deadlineMs: 20_000 };
  const [venues, hazelcast] = await Promise.all([
    startSimulatedVenues({ port: 0, nowMs: () => Date.now() }),
    connectHazelcast(at),
  ]);
  await hazelcast.waitConnected(60_000);
  const readings = new ReadingsStore(readingsPath(data), { readonly: false });
  const funding = await configuredIndicator("funding", { url: venues.url, symbols: ["BTCUSDT"] });
  const recorder = createBookRecorder({
    folder: booksFolder(data),
    epoch: 1,
    everyMs: 1,
    keepDays: 1,
    keepBytes: 1e8,
  });
  const world = {
    features: createFeatureStore(hazelcast),
    readings,
    nowUs: () => Date.now() * 1_000,
    deadlineMs: 10_000,
    signal: new AbortController().signal,
  };
  const texts = await hazelcast.client.getMap<string, string>(FEATURES_MAP);
  return {
    /** Returns its time. */
    async rate(): Promise<number> {
      const { values } = await refreshIndicator(funding, world);
      return Date.parse(values.find(({ label }) => label === "BTCUSDT")?.as_of ?? "");
    },
    /** Returns its time. */
    async book(bid: number, ask: number): Promise<number> {
      const knownMs = Date.now();
      const [asOfMs, receivedMs] = [knownMs - 20, knownMs - 10];
      const book = bookOf({ asOfMs, bids: [99.9, bid, 99, 1e6], asks: [100.1, ask, 101, 1e6] });
      const times = { asOfMs, receivedMs, knownMs };
      const known = { asset: "BTCUSDT", ...times, book, source: "simulated test" };
      recorder.keep(known);
      await recorder.flush(knownMs);
      const pushed = { epoch: 1, instance: "test", pushedMs: knownMs };
      await texts.set("ob_BTCUSDT", bookText({ ...known, features: bookFeatures(book) }, pushed));
      return asOfMs;
    },
    async close(): Promise<void> {
      await recorder.close();
      readings.close();
      await Promise.all([hazelcast.shutdown(), venues.stop()]);
    },
  };
}

test("a day with rates and books, recorded beside it, is replayed to the same and drifts by nothing", async () => {
  await untilDayLasts();
  const place = { ...(await lab.site()), address: lab.address };
  writeFileSync(join(place.dir, "leaning.ts"), LEANING);
  const inputs = await openInputs(place);
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  const settings = { ...LIVELY, parameters: {}, strategy: "./leaning.ts", slippage_bps: 50 };
  const trader = spawnTrader(
    place,
    { ...settings, age_budgets_s: { ...LIVELY.age_budgets_s, ...AHEAD } },
    {},
    { feeds: ["exf_funding", "ob_BTCUSDT"] },
  );
  running.push(trader);
  await trader.ready();
  await trader.hearsHazelcast();
  const isKnown = (isIt: (event: TraderEvent) => boolean) => () => eventsOf(place).some(isIt);
  for (const [bid, ask] of [
    [9, 1],
    [2, 30],
    [7, 5],
  ] as const) {
    // prettier-ignore
    const ratedMs = await inputs.rate();
    const bookedMs = await inputs.book(bid, ask);
    await until("both are in the log, before a scan that is not older than they are", async () => {
      await feeder.push(1);
      await trader.decided(feeder.seq());
      return isKnown(isBookOf(bookedMs))() && isKnown(isRateOf(ratedMs))();
    });
    await feeder.push(5);
    await trader.decided(feeder.seq());
  }
  const { trades } = await trader.status();
  expect(trades).toBeGreaterThan(0);
  expect(await trader.stop()).toBe(0);
  await inputs.close();
  archiveLog(place, eventsOf(place));
  expect(await dolphinJson(place, ["replay", lastDayOf(place)])).toMatchObject({
    verdict: "equal",
    trades,
    broker: { differences: 0 },
  });
  const drift = await dolphinJson(place, ["backtest", "drift", lastDayOf(place)]);
  // A machine so slow that an event comes late has gaps of its own: what was known of both is the same all the same.
  expect(drift).toMatchObject({
    measured: true,
    decisions: { compared: feeder.seq(), causes: { feature: 0, unexplained: 0 } },
    trades: { causes: { feature: 0, unexplained: 0 } },
  });
});

function eventsOf({ data }: TraderPlace): readonly TraderEvent[] {
  const reader = new EventLogReader({ root: join(data, "journal/trading"), book: "BLUE" }, null);
  const events = [...reader.poll()];
  reader.close();
  return events;
}

function isBookOf(asOfMs: number) {
  return (event: TraderEvent) => event.kind === "book" && event.asOfMs === asOfMs;
}

function isRateOf(asOfMs: number) {
  return (event: TraderEvent) =>
    event.kind === "feature" &&
    event.name === "exf_funding.BTCUSDT" &&
    Math.floor(event.asOfMs) === asOfMs;
}

function replayLastDay(place: TraderPlace): Promise<Record<string, unknown>> {
  return dolphinJson(place, ["replay", lastDayOf(place)]);
}

async function dolphinJson(
  place: TraderPlace,
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const env = { ...process.env, DOLPHIN_CONFIG: join(place.dir, "trader.yaml") };
  const out = await new Promise<string>((settle) => {
    execFile(DOLPHIN, [...args, "--json"], { env, timeout: 120_000 }, (_, stdout) =>
      settle(stdout),
    );
  });
  return JSON.parse(out);
}
