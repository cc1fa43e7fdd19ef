import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ReadingsStore } from "../../../src/adapters/indicators/readings-store.ts";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { sliceOfChunk } from "../../../src/domain/backtest/chunk-slice.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { defineStrategy } from "../../../src/domain/trading/strategy.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { openRecorded } from "../../../src/operations/backtest/recorded/features-as-recorded.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { PLAIN_STRATEGY } from "../../helpers/trading/plain-strategy.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const HOUR_MS = 3_600_000;
const dir = makeTemporaryDirectory("recorded");
afterAll(() => removeTemporaryDirectory(dir));

const chunk = sliceOfChunk(stretched(realCloses(), HOUR_MS), {
  first: 0,
  count: 120,
  carriedCount: 0,
});
const path = join(dir, "readings.db");
const archive = join(dir, "archive");
putChunk(archive, chunk);

/** Known from the hour of this scan on. */
function keep(store: ReadingsStore, scan: number, value: number, asOfScan = scan): void {
  const about = { unit: "share", source: "test", sourceHash: "", note: null, isOwn: true };
  const fetchedUs = chunk.timesMs[scan]! * 1_000 - 60_000_000;
  const asOfMs = chunk.timesMs[asOfScan]! - 120_000;
  const series = "funding.BTCUSDT";
  const ids = store.record([{ ...about, series, value, asOfMs, fetchedUs }], 0);
  store.markPushed(ids, fetchedUs);
}

/** Buys once the rate is above zero. */
const byFunding = defineStrategy<Record<string, never>, Record<string, never>>({
  ...PLAIN_STRATEGY,
  name: "by-funding",
  inputs: ["scan", "posture", "exf_funding"],
  decide: (_, view) =>
    0 < view.feature("exf_funding")
      ? {
          column: 0,
          direction: "long",
          share: 0.2,
          strength: 1,
          plan: { takeProfit: 1, stopLoss: 1, holdScansMax: 2, bucket: "fixed" },
        }
      : null,
});

async function run(name: string) {
  const problems: string[] = [];
  const record = await runBacktest(
    {
      name,
      range: { archive, from: null, to: null, readings: path },
      settings: {
        ...DEFAULT_RUN_SETTINGS,
        ageBudgetsMs: { ...DEFAULT_RUN_SETTINGS.ageBudgetsMs, exf_funding: 30 * HOUR_MS },
      },
      differsFromBook: [],
      strategy: { ...(await loadStrategy("velocity-divergence")), choice: byFunding },
      out: join(dir, name),
    },
    {
      onProgress: () => {},
      onProblem: (problem) => problems.push(problem),
      signal: new AbortController().signal,
    },
  );
  return { record, problems };
}

test("a run gets what was recorded when it became known, and says which days lack it", async () => {
  const nothing = await run("nothing");
  expect(nothing.record.report.trades.count).toBe(0);
  expect(nothing.problems.join()).toContain("exf_funding: nothing was recorded on");
  const store = new ReadingsStore(path, { readonly: false });
  keep(store, 10, -0.001);
  keep(store, 40, 0.001);
  keep(store, 70, -0.001);
  const first = await run("first");
  const { report, daysWithout } = first.record;
  expect(report.trades.count).toBeGreaterThan(0);
  expect(daysWithout?.["exf_funding"]?.length).toBeGreaterThan(0);
  expect(report.run.dataHash).not.toBe(nothing.record.report.run.dataHash);
  // Late for a time that is over, and revised after the end: what was known in between is the same.
  keep(store, 119, 0.005, 40);
  keep(store, 118, 0.009, 20);
  store.close();
  const again = await run("again");
  expect(again.record.report.trades).toEqual(report.trades);
});

test("no feature is given before it was known, nor one that is older than what is known", () => {
  const recorded = openRecorded({ from: null, readings: path, inputs: ["scan", "exf_funding"] });
  const [start] = chunk.timesMs;
  expect(recorded.until(start! + 9 * HOUR_MS - 60_000)).toEqual([]);
  const features = recorded.until(chunk.timesMs[40]!);
  expect(features.map(({ name, value }) => [name, value])).toEqual([
    ["exf_funding", -0.001],
    ["exf_funding.BTCUSDT", -0.001],
    ["exf_funding", 0.001],
    ["exf_funding.BTCUSDT", 0.001],
  ]);
  expect(recorded.until(chunk.timesMs[119]!).map(({ value }) => value)).toEqual([-0.001, -0.001]);
  recorded.close();
});

test("what was recorded after a run's end is in nobody's way when the run is over", () => {
  const recorded = openRecorded({ from: null, readings: path, inputs: ["exf_funding"] });
  expect(recorded.until(chunk.timesMs[10]!)).toHaveLength(2);
  expect(() => recorded.close()).not.toThrow();
});
