import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { runSweep } from "../../../src/operations/backtest/sweep/run-sweep.ts";
import {
  feedBacktest,
  finishBacktest,
  startBacktest,
} from "../../../src/domain/backtest/backtest.ts";
import { sliceOfChunk } from "../../../src/domain/backtest/chunk-slice.ts";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import {
  resumeBacktest,
  snapshotOfBacktest,
} from "../../../src/domain/backtest/snapshot/backtest-snapshot.ts";
import { parseFunding } from "../../../src/wire/backtest/funding-file.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { holderOf, pricesAt } from "../../helpers/trading/held-asset.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const HOUR_MS = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), "dolphin-funding-"));
const chunk = sliceOfChunk(stretched(realCloses(), HOUR_MS), {
  first: 0,
  count: 1_500,
  carriedCount: 0,
});
const hooks = { onProgress: () => {}, onProblem: () => {}, signal: new AbortController().signal };
let runs = 0;

/** A rate for each asset at each eighth hour, as in Binance's history. */
function ratesOf(rate: number): string {
  const lines = ["symbol,fundingTime,fundingRate,markPrice"];
  const first = Math.ceil(chunk.timesMs[0]! / (8 * HOUR_MS)) * 8 * HOUR_MS;
  for (let atMs = first; atMs < chunk.timesMs[chunk.count - 1]!; atMs += 8 * HOUR_MS) {
    for (const asset of chunk.assets) lines.push(`${asset},${atMs},${rate},1`);
  }
  return `${lines.join("\n")}\n`;
}

afterAll(() => rmSync(dir, { recursive: true }));

async function jobOf(name: string) {
  runs += 1;
  return {
    name,
    range: { archive: join(dir, name), from: null, to: null },
    settings: DEFAULT_RUN_SETTINGS,
    differsFromBook: [],
    strategy: await loadStrategy("velocity-divergence"),
    out: join(dir, `run-${runs}`),
  };
}

test("the rates that an archive has are paid, listed apart, and part of what identifies the run", async () => {
  putChunk(join(dir, "real"), chunk);
  const free = await runBacktest(await jobOf("real"), hooks);
  writeFileSync(join(dir, "real", "funding.csv"), ratesOf(0.001));
  const job = await jobOf("real");
  const dear = await runBacktest(job, hooks);
  const { funding = 0 } = dear.report.returns;
  expect(free.report.returns).toMatchObject({ funding: 0, borrowCost: 0 });
  expect(Math.abs(funding)).toBeGreaterThan(1);
  expect(dear.report.run.dataHash).not.toBe(free.report.run.dataHash);
  const [heads = "", ...lines] = readFileSync(join(job.out, "trades.csv"), "utf8")
    .trimEnd()
    .split("\n");
  const column = heads.split(",").indexOf("funding");
  const figures = lines.map((line) => Number(line.split(",")[column]));
  expect(figures.reduce((sum, one) => sum + one, 0)).toBeCloseTo(funding, 6);
  const { sets } = await runSweep(
    {
      ...(await jobOf("real")),
      axes: [{ name: "threshold", values: [0.02, 0.03] }],
      walkForward: null,
      workers: 2,
    },
    hooks,
  );
  expect(sets[0]?.total).toBe(dear.report.returns.total);
});

test("however a run is cut, and gone on from a snapshot, it pays each settlement once", () => {
  const ground = { strategy: holderOf("short", 0.5), dataHash: "", codeVersion: "" };
  const description = describeRun(DEFAULT_RUN_SETTINGS, ground);
  const positions = {
    ...pricesAt(Array.from({ length: 100 }, (_, hour) => [hour * HOUR_MS, 100 + (hour % 7)])),
    funding: Array.from({ length: 12 }, (_, at) => ({
      asset: "AAA",
      atMs: (at + 1) * 8 * HOUR_MS,
      rate: 0.0001 * (at - 3),
    })),
  };
  const whole = startBacktest(description);
  feedBacktest(whole, positions);
  expect(whole.desk.trader.data.positions[0]?.funding).toBeGreaterThan(0);
  let cut = startBacktest(description);
  for (let first = 0; first < 100; first += 9) {
    const count = Math.min(9, 100 - first);
    feedBacktest(cut, sliceOfChunk(positions, { first, count, carriedCount: 0 }));
    const snapshot = structuredClone(snapshotOfBacktest(cut));
    cut = resumeBacktest(startBacktest(description), snapshot);
  }
  expect(finishBacktest(cut)).toEqual(finishBacktest(whole));
});

test("times are milliseconds or ISO-8601, columns are found by name, and lines are put in order", () => {
  const text =
    "time,rate,asset\n2026-03-01T08:00:00Z,-0.0001,BBB\r\n1772323200000, 0.0002 ,AAA\n\n";
  expect(parseFunding(text)).toEqual([
    { asset: "AAA", atMs: Date.parse("2026-03-01"), rate: 0.0002 },
    { asset: "BBB", atMs: Date.parse("2026-03-01T08:00:00Z"), rate: -0.0001 },
  ]);
});

test.each(["2026-03-01 08:00:00", "2026-03-01T08:00", "2026-03-01 09:00:00+01:00"])(
  "a time without a zone is of UTC, wherever it is read: %s",
  (time) => {
    process.env["TZ"] = "Asia/Tokyo";
    try {
      const [rate] = parseFunding(`asset,time,rate\nAAA,${time},0.1`);
      expect(rate?.atMs).toBe(Date.UTC(2026, 2, 1, 8));
    } finally {
      delete process.env["TZ"];
    }
  },
);

test.each([
  ["asset,time\nAAA,1", /no column rate or fundingRate/],
  ["asset,time,rate\nAAA,1,0.1\nAAA,soon,0.1", /line 3 is no asset, time and rate/],
  ["asset,time,rate\nAAA,1,", /line 2/],
  ["asset,time,rate\nAAA,1,1.5", /line 2 .*a share below 1/],
])("a file of rates that is none ends the run with its place: %j", async (text, error) => {
  mkdirSync(join(dir, "wrong"), { recursive: true });
  writeFileSync(join(dir, "wrong", "funding.csv"), text);
  await expect(runBacktest(await jobOf("wrong"), hooks)).rejects.toThrow(error);
});
