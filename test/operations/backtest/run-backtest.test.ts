import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest, type BacktestJob } from "../../../src/operations/backtest/run-backtest.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import type { BacktestRecord } from "../../../src/reports/run-record.ts";
import { compact } from "../../helpers/bulk-archive.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const HOUR_MS = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), "dolphin-backtest-"));
const archive = join(dir, "arrow_scans");
const long = join(dir, "long");
let days: readonly string[];
let runs = 0;

beforeAll(() => {
  days = putChunk(archive, realCloses());
  putChunk(long, stretched(realCloses(), HOUR_MS));
});
afterAll(() => rmSync(dir, { recursive: true }));

async function run(
  job: Partial<BacktestJob> = {},
): Promise<BacktestRecord & { readonly out: string }> {
  runs += 1;
  const out = join(dir, `run-${runs}`);
  const record = await runBacktest(
    {
      name: "test",
      range: { archive, from: null, to: null },
      settings: DEFAULT_RUN_SETTINGS,
      differsFromBook: [],
      strategy: await loadStrategy("velocity-divergence"),
      out,
      ...job,
    },
    { onProgress: () => {}, onProblem: () => {}, signal: new AbortController().signal },
  );
  return { ...record, out };
}

function linesOf(out: string): readonly string[][] {
  const text = readFileSync(join(out, "trades.csv"), "utf8").trimEnd();
  return text.split("\n").map((line) => line.split(","));
}

test("a run leaves its report, its trades and one page, and says what the core says", async () => {
  const { report, out, costs } = await run();
  expect(report.trades.count).toBe(37);
  expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toMatchObject({
    report: { resultHash: report.resultHash },
  });
  const [heads = [], ...trades] = linesOf(out);
  expect(trades).toHaveLength(37);
  const column = (name: string) => trades.map((cells) => cells[heads.indexOf(name)]);
  const pnl = column("pnl").reduce((sum, cell) => sum + Number(cell), 0);
  expect(pnl).toBeCloseTo(report.returns.end - report.returns.start, 6);
  expect(column("posture").every((posture) => posture === "APEX")).toBe(true);
  expect(column("age_ms_scan").every((age) => age === "0")).toBe(true);
  expect(column("signal").every((signal) => Math.abs(Number(signal)) > 0.02)).toBe(true);
  expect(costs.map(({ factor }) => factor)).toEqual([0, 1, 2]);
  expect(costs.map(({ total }) => total)).toEqual(
    costs.map(({ total }) => total).toSorted((a, b) => b - a),
  );
  expect(costs[0]?.fees).toBe(0);
});

test("the page needs no network and no script, and shows every picture", async () => {
  const { out, report } = await run({ range: { archive: long, from: null, to: null } });
  const page = readFileSync(join(out, "tear-sheet.html"), "utf8");
  expect(page).not.toMatch(/<script|https?:|src=|@import|url\(/);
  expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
  for (const title of [
    "Equity",
    "Drawdown",
    "Return of a trade",
    "Excursions",
    "Sharpe",
    "Price of",
  ]) {
    expect(page).toContain(`aria-label="${title}`);
  }
  expect(page).toContain('class="heat"');
  const depth = (report.risk.drawdownMax * 100).toFixed(2);
  expect(page).toMatch(new RegExp(`Deepest by 2018-\\d\\d-\\d\\d: ${depth} %`));
});

test("ratios of fourteen days are left out with the reason, of half a year they are there", async () => {
  const short = await run();
  expect(short.report.risk.sharpe).toBeNull();
  expect(short.report.risk.reason).toContain("14 daily samples");
  const whole = await run({ range: { archive: long, from: null, to: null } });
  expect(whole.report.risk.sharpe).toBeTypeOf("number");
});

test("a compacted archive gives the result of its scan files", async () => {
  const loose = await run();
  for (const day of days.slice(0, 5)) await compact(archive, day);
  const mixed = await run();
  expect(mixed.report.resultHash).toBe(loose.report.resultHash);
  expect(mixed.report.run.dataHash).toBe(loose.report.run.dataHash);
});

test.each([
  ["other days", { range: { archive, from: "2018-01-12", to: null } }],
  ["other parameters", { settings: { ...DEFAULT_RUN_SETTINGS, parameters: { threshold: 0.03 } } }],
  ["another posture", { settings: { ...DEFAULT_RUN_SETTINGS, posture: "TURTLE" } }],
  ["another seed", { settings: { ...DEFAULT_RUN_SETTINGS, seed: 2 } }],
] as const)("%s give another result hash", async (_, job) => {
  const { report } = await run(job);
  expect(report.resultHash).not.toBe((await run()).report.resultHash);
});

test("days without scans, and a strategy that needs more than scans, are refused", async () => {
  await expect(run({ range: { archive, from: "2019-01-01", to: null } })).rejects.toThrow(
    "there are no scans",
  );
  const strategy = await loadStrategy(
    join(import.meta.dirname, "../../../bench/workload-strategy.ts"),
  );
  await expect(run({ strategy })).rejects.toThrow("needs vel_div, vol_ok");
  expect(existsSync(join(dir, `run-${runs}`, "trades.csv"))).toBe(false);
});
