/** What pages read of a book, on a log written by the trader's own parts. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { bookFolder } from "../../../src/adapters/event-log/segments/segment-files.ts";
import { saveSnapshotIn } from "../../../src/adapters/event-log/snapshots.ts";
import { ReadingsStore, readingsPath } from "../../../src/adapters/indicators/readings-store.ts";
import { builtInStrategy } from "../../../src/domain/trading/strategies/built-in.ts";
import { createComparison } from "../../../src/domain/trading/shadow/comparison.ts";
import { createShadow, stepShadow } from "../../../src/domain/trading/shadow/shadow.ts";
import type { BookName } from "../../../src/domain/trading/books.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { foldBlue } from "../../../src/operations/books/fold-blue.ts";
import { projectionPath } from "../../../src/operations/event-log/event-log-maintenance.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { type AskViews, openViews } from "../../../src/operations/view/ask-views.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import { settingsOfBook } from "../../../src/wire/trading/books-file.ts";
import { encodeShadow } from "../../../src/wire/trading/shadow-snapshot.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { placeIn, recordBook } from "../../helpers/trading/recorded-book.ts";

const START_MS = Date.parse("2026-03-24T23:50:00Z");
const SCANS = 400;
const { trader, green } = Configuration.parse({ trader: LIVELY_BOOK });
const configuration = { trader, green };
const dir = mkdtempSync(join(tmpdir(), "dolphin-views-"));
const nothing = mkdtempSync(join(tmpdir(), "dolphin-views-"));
const views: AskViews = openViews({ dataDir: dir, configuration });
const none: AskViews = openViews({ dataDir: nothing, configuration });
const recording = { startMs: START_MS, scanEveryMs: 5_000, snapshotEvery: 50 };
let trades = 0;

beforeAll(() => {
  trades = recordBook(dir, { ...recording, scans: SCANS });
  project();
});
afterAll(async () => {
  await Promise.all([views.close(), none.close()]);
  for (const one of [dir, nothing]) rmSync(one, { recursive: true });
});

function project(): void {
  const strategyOf = builtInStrategy;
  const startFold = foldBlue({ dataDir: dir, configuration, strategyOf, say: () => {} });
  const path = projectionPath(dir);
  const projection = new TradingProjection({ path, place: placeIn(dir), startFold });
  while (0 < projection.catchUp(10_000));
  projection.close();
}

/** Until all of the log was taken in: a slow machine takes more than one slice. */
async function trading() {
  for (;;) {
    const found = await views.ask("trading");
    if ("absent" in found) throw new Error(found.absent);
    if (found.isCaughtUp) return found;
  }
}

/** The same of GREEN, by views of their own: a page that was opened just now. */
async function curveOf({ trader: blue, green: other }: typeof configuration) {
  const asked = openViews({ dataDir: dir, configuration: { trader: blue, green: other } });
  try {
    for (;;) {
      const found = await asked.ask("green");
      if ("absent" in found || found.isCaughtUp) return found;
    }
  } finally {
    await asked.close();
  }
}

test("on an empty data directory every view says that there is nothing, and what to do", async () => {
  const absent = { absent: expect.stringContaining("dolphin start trader-blue") };
  expect(await none.ask("trading")).toEqual(absent);
  expect(await none.ask("signal")).toEqual(absent);
  expect(await none.ask("prices", "AAA")).toEqual(absent);
  expect(await none.ask("green")).toEqual({
    absent: expect.stringContaining("dolphin start trader-green"),
  });
  expect(await none.ask("ledger")).toBeNull();
  expect(await none.ask("scans", { sinceMs: 0, untilMs: 1 })).toBeNull();
  expect(await none.ask("indicator", "funding")).toBeNull();
  expect(await none.ask("research")).toEqual({ rows: [], leftOut: 0 });
  expect(await none.ask("sheet", "x")).toBeNull();
});

test("a book that has just begun says how many scans it lacks before it decides", async () => {
  const young = mkdtempSync(join(tmpdir(), "dolphin-views-"));
  recordBook(young, { ...recording, scans: 3 });
  const asked = openViews({ dataDir: young, configuration });
  const view = await asked.ask("trading");
  expect(view).toMatchObject({ scansKept: 3, warmUp: { isWarm: false } });
  if ("absent" in view) throw new Error(view.absent);
  expect(view.warmUp.scansToGo).toBeGreaterThan(0);
  expect(await asked.ask("signal")).toMatchObject({ warmUp: view.warmUp });
  await asked.close();
  rmSync(young, { recursive: true });
});

test("the book stands as its own trader left it, with its curves, limits and refusals", async () => {
  const view = await trading();
  expect(view.state.tradesExecuted).toBe(trades);
  expect(view.scansKept).toBe(SCANS);
  expect(view.equity.count).toBe(SCANS);
  expect(view.equity.last.at(-1)).toBe(view.state.equity);
  expect(Math.max(...view.drawdown.high.map(Number))).toBeLessThanOrEqual(0);
  expect(view.warmUp).toEqual({ isWarm: true, scansToGo: null });
  expect(view.limits.map(({ about }) => about)).toEqual([
    "loss of the day",
    "fall from the peak",
    "largest position",
    "all positions",
    "positions",
    "entries in a minute",
  ]);
  for (const { used, allowed } of view.limits) expect(used).toBeLessThanOrEqual(allowed);
  const refused = Object.values(view.state.refusals).reduce((sum, count) => sum + count, 0);
  expect(view.refusals.length).toBe(Math.min(200, refused));
});

test("GREEN's curve is BLUE's where both are configured alike, and the same from a state that its process kept", async () => {
  const greenFolder = bookFolder(placeIn(dir).root, "GREEN");
  mkdirSync(greenFolder);
  const { equity, drawdown } = await trading();
  expect(await curveOf(configuration)).toMatchObject({ equity, drawdown });
  const changed = Configuration.parse({
    trader: LIVELY_BOOK,
    green: { capital: 5_000, fee_bps: 30 },
  });
  const whole = await curveOf(changed);
  saveSnapshotIn(greenFolder, halfwayOf(changed), 3);
  const rest = await curveOf(changed);
  if ("absent" in whole || "absent" in rest) throw new Error("a curve is there");
  expect([whole.equity.count, whole.equity.last[0], rest.equity.count]).toEqual([
    SCANS,
    5_000,
    SCANS / 2,
  ]);
  expect(whole.equity.last).not.toEqual(equity.last);
  expect(rest.equity.last).toEqual(whole.equity.last.slice(SCANS / 2));
  rmSync(greenFolder, { recursive: true });
});

/** What GREEN's process keeps after half of the scans. */
function halfwayOf(settings: typeof configuration) {
  const of = (book: BookName) =>
    bookConfiguration(book, settingsOfBook(book, settings, { is_exchanged: false }));
  const [own, other] = [of("BLUE"), of("GREEN")];
  const shadow = createShadow({
    blue: createTrader(own.trader),
    green: createTrader(other.trader),
    paper: other.paper,
    comparison: createComparison(),
    onCommands() {},
  });
  const reader = new EventLogReader(placeIn(dir), shadow.blue.nextIndex);
  let scans = 0;
  let nowMs = 0;
  for (const event of reader.poll()) {
    // The fills of a scan stand behind it.
    if (scans === SCANS / 2 && event.kind === "posture") break;
    stepShadow(shadow, event);
    nowMs = event.nowMs;
    if (event.kind === "scan") scans += 1;
  }
  reader.close();
  const index = shadow.blue.nextIndex - 1;
  const hashes = { blueHash: own.hash, greenHash: other.hash };
  const states = { blue: snapshotOf(shadow.blue), green: snapshotOf(shadow.green) };
  const { comparison } = shadow;
  const bytes = encodeShadow({ version: 1, index, nowMs, ...hashes, ...states, comparison });
  return { index, bytes };
}

test("the signal and the eigenvalues have a point a scan, and the threshold is the configured one", async () => {
  await trading();
  const view = await views.ask("signal");
  if ("absent" in view) throw new Error(view.absent);
  expect(view.threshold).toBe(LIVELY_BOOK.parameters.threshold);
  expect(Object.keys(view.readings)).toEqual(["last_vel_div"]);
  expect(view.readings["last_vel_div"]?.count).toBe(SCANS);
  expect(view.share).toBeGreaterThan(0);
});

test("trades stand on the price of their asset, the newest of all first in the ledger", async () => {
  const ledger = (await views.ask("ledger"))!;
  expect(ledger.tradesTotal).toBe(trades);
  const [newest] = ledger.trades;
  const priced = await views.ask("prices", newest!.asset);
  if ("absent" in priced) throw new Error(priced.absent);
  expect(priced.prices.count).toBe(SCANS);
  expect(priced.trades.at(-1)).toEqual(newest);
  expect(ledger.cash.last.at(-1)).toBe((await trading()).state.capital);
  expect(await views.ask("prices", "<b>")).toHaveProperty("absent");
});

test("a refusal's why is what 'dolphin why no-trade' says of that scan", async () => {
  const { refusals } = await trading();
  const asked = refusals.find(({ seq }) => 0 < seq)?.seq ?? SCANS;
  const why = await views.ask("why", "BLUE", asked);
  if ("absent" in why) throw new Error(why.absent);
  expect(why.seq).toBe(asked);
  expect(why.facts.length).toBeGreaterThan(3);
  expect(await views.ask("why", "BLUE", 9_999_999)).toHaveProperty("absent");
});

test("an indicator's readings come as a chart with its revisions, bounded", async () => {
  const store = new ReadingsStore(readingsPath(dir), { readonly: false });
  const reading = {
    series: "funding.BTCUSDT",
    isOwn: true,
    unit: "share",
    fetchedUs: 1,
    source: "test",
    sourceHash: "0",
    note: null,
  };
  const many = Array.from({ length: 5_000 }, (_, at) => ({
    ...reading,
    asOfMs: at,
    value: at % 7,
  }));
  store.record(many, 0);
  store.close();
  const chart = (await views.ask("indicator", "funding"))!;
  expect(chart.points.count).toBe(5_000);
  expect(chart.points.atMs.length).toBeLessThanOrEqual(1_000);
  expect(chart.unit).toBe("share");
});

test("what comes later is taken in with the next question, and a trader without scans is reported as such", async () => {
  const before = await trading();
  trades += recordBook(dir, { ...recording, startMs: START_MS + 4_000_000, scans: 20 });
  const after = await trading();
  expect(after.scansKept).toBe(before.scansKept + 20);
  expect(after.atMs).toBeGreaterThan(before.atMs);
});

test("more questions than there is room for are refused in words, and the others are answered", async () => {
  const asked = Array.from({ length: 60 }, () => views.ask("ledger").then(() => "", String));
  const said = await Promise.all(asked);
  expect(said.filter((one) => one === "").length).toBeGreaterThanOrEqual(32);
  expect(new Set(said)).toEqual(
    new Set(["", "Error: too many requests are waiting: try again in a moment"]),
  );
});
