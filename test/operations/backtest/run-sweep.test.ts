import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { runSweep } from "../../../src/operations/backtest/sweep/run-sweep.ts";
import {
  concludeChunks,
  runSweepChunk,
} from "../../../src/operations/backtest/sweep/sweep-chunk.ts";
import { planSweep } from "../../../src/operations/backtest/sweep/sweep-plan.ts";
import { runWaves } from "../../../src/operations/backtest/sweep/sweep-waves.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const HOUR_MS = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), "dolphin-sweep-"));
const archive = join(dir, "arrow_scans");
const range = { archive, from: null, to: null };
const axes = [
  { name: "threshold", values: [0.015, 0.02, 0.025] },
  { name: "takeProfit", values: [0.0095, 0.015] },
];
const hooks = { onProgress: () => {}, onProblem: () => {}, signal: new AbortController().signal };

beforeAll(() => {
  putChunk(archive, stretched(realCloses(), HOUR_MS));
});
afterAll(() => rmSync(dir, { recursive: true }));

type Asked = Partial<Parameters<typeof runSweep>[0]>;

async function sweep(job: Asked = {}) {
  return runSweep(
    {
      name: "test",
      range,
      settings: DEFAULT_RUN_SETTINGS,
      differsFromBook: [],
      strategy: await loadStrategy("velocity-divergence"),
      axes,
      walkForward: null,
      workers: 1,
      out: join(dir, "sweep"),
      ...job,
    },
    hooks,
  );
}

test("any number of workers gives the same result, files included", async () => {
  const walkForward = { trainDays: 60, testDays: 25 };
  const results = [];
  for (const workers of [1, 2, 3]) {
    const { timing: _, ...record } = await sweep({ workers, walkForward });
    results.push({ record, sets: readFileSync(join(dir, "sweep", "sets.csv"), "utf8") });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("trials that don't fit into memory together come in waves, with the same result", async () => {
  const walkForward = { trainDays: 60, testDays: 25 };
  const { timing: _, ...whole } = await sweep({ walkForward });
  const sets = readFileSync(join(dir, "sweep", "sets.csv"), "utf8");
  // Room for a few: all others have to wait until these are gone.
  const { timing: __, ...inWaves } = await sweep({
    walkForward,
    workers: 2,
    liveBytesMax: 100_000,
  });
  expect(inWaves).toEqual(whole);
  expect(readFileSync(join(dir, "sweep", "sets.csv"), "utf8")).toBe(sets);
});

test("no more trials run at a time than there is room for, and their days are not kept", async () => {
  const strategy = await loadStrategy("velocity-divergence");
  const job = { range, strategy, settings: DEFAULT_RUN_SETTINGS, axes, walkForward: null };
  const { trials, codeVersion } = planSweep({ ...job, name: "", differsFromBook: [], out: dir });
  const progress: string[] = [];
  const order = { ...job, codeVersion, workers: 1, known: null, liveBytesMax: 1 };
  await runWaves(order, trials, {
    hooks: { ...hooks, onProgress: () => progress.at(-1) === "scans" || progress.push("scans") },
    onOutcome: (place, outcome) => progress.push(`${place}: ${outcome?.days.length} days`),
  });
  const places = [...Array.from({ length: trials.count }).keys()];
  expect(progress).toEqual(places.flatMap((place) => ["scans", `${place}: 0 days`]));
});

test("a wave that finds fewer scans than the first pass did is refused", async () => {
  const strategy = await loadStrategy("velocity-divergence");
  const job = { range, strategy, settings: DEFAULT_RUN_SETTINGS, axes, walkForward: null };
  const { trials, codeVersion } = planSweep({ ...job, name: "", differsFromBook: [], out: dir });
  const row = { count: 1, at: trials.at };
  const order = { ...job, codeVersion, workers: 1 };
  const silent = { hooks, onOutcome: () => {} };
  const { dataHash, read } = await runWaves({ ...order, known: null }, row, silent);
  const known = { dataHash, read: { ...read, scans: read.scans + 1 } };
  await expect(runWaves({ ...order, known }, row, silent)).rejects.toThrow("the archive changed");
});

test("chunks of a strategy that was changed meanwhile are refused, and so is one that is gone", async () => {
  const source = join(dir, "mine.ts");
  const strategy = { ...(await loadStrategy("velocity-divergence")), source };
  const about = { name: "", range, settings: DEFAULT_RUN_SETTINGS, differsFromBook: [] };
  const job = { ...about, strategy, axes, walkForward: null, out: join(dir, "chunks") };
  writeFileSync(source, "1");
  const chunk = await runSweepChunk(job, { run: "r", index: 0, from: 0, to: 6 }, hooks);
  writeFileSync(source, "2");
  const conclude = () => concludeChunks(job, { chunks: [chunk], hooks });
  await expect(conclude()).rejects.toThrow("the strategy or dolphin changed");
  writeFileSync(source, "1");
  expect((await conclude()).sets).toHaveLength(6);
  await expect(conclude()).rejects.toThrow("is not what its worker wrote");
});

test("a set gives what a run of its own gives", async () => {
  const { sets } = await sweep();
  expect(sets).toHaveLength(6);
  const parameters = { threshold: 0.025, takeProfit: 0.015 };
  const { report } = await runBacktest(
    {
      name: "one",
      range,
      settings: { ...DEFAULT_RUN_SETTINGS, parameters },
      differsFromBook: [],
      strategy: await loadStrategy("velocity-divergence"),
      out: join(dir, "one"),
    },
    hooks,
  );
  const row = sets.find(({ set }) => set["threshold"] === 0.025 && set["takeProfit"] === 0.015);
  expect(row?.resultHash).toBe(report.resultHash);
});

test("the best set is the one with the highest ratio, and its luck is reported", async () => {
  const { sets, best, objective, trials, deflatedSharpe } = await sweep();
  expect(objective).toBe("sharpe");
  expect(trials).toBe(6);
  expect(sets[best.at]?.sharpe).toBe(Math.max(...sets.map(({ sharpe }) => sharpe ?? -Infinity)));
  expect(deflatedSharpe.probability).toBeGreaterThan(0);
  expect(deflatedSharpe.probability).toBeLessThan(1);
  const page = readFileSync(join(dir, "sweep", "tear-sheet.html"), "utf8");
  expect(page.match(/<td class='best'|<td class="best"/g)).toHaveLength(1);
  expect(page).not.toMatch(/<script|https?:|src=|NaN|undefined/);
});

test("a fold's choice does not know its test: other scans there give the same choice", async () => {
  const walkForward = { trainDays: 60, testDays: 60 };
  const whole = await sweep({ walkForward });
  // Without the days of the second test, the first two choices stand as they were.
  const cut = await sweep({ walkForward, range: { archive, from: null, to: "2018-04-10" } });
  const chosen = (record: typeof whole) => record.walkForward?.folds[0]?.chosen;
  expect(chosen(cut)).toEqual(chosen(whole));
  expect(whole.walkForward?.folds.length).toBeGreaterThan(1);
  const { stitched, folds } = whole.walkForward!;
  const product = folds.reduce((growth, fold) => growth * (1 + fold.testTotal), 1);
  expect(stitched.total).toBeCloseTo(product - 1, 9);
  expect(stitched.days[0]?.day).toBe(folds[0]?.testFrom);
});

test("too few days to walk are refused with the figures", async () => {
  const walkForward = { trainDays: 400, testDays: 10 };
  await expect(sweep({ walkForward })).rejects.toThrow("164 days are too few to train on 400");
});

test("a thread that fails ends the sweep with its reason", async () => {
  const strategy = await loadStrategy("velocity-divergence");
  const gone = { ...strategy, source: join(dir, "gone.ts") };
  await expect(sweep({ strategy: gone, workers: 2 })).rejects.toThrow("gone.ts");
});
