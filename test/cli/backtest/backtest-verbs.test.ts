import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { putChunk } from "../../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const root = resolve(import.meta.dirname, "../../..");
const dir = mkdtempSync(join(tmpdir(), "dolphin-backtest-verbs-"));
const archive = join(dir, "arrow_scans");
const planted = join(root, "test/helpers/trading/planted");

beforeAll(() => {
  putChunk(archive, realCloses());
});
afterAll(() => rmSync(dir, { recursive: true }));

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Nothing listens there. */
const ABSENT = "127.0.0.1:9";

function backtest(...args: string[]): Promise<Ended> {
  const command = [join(root, "src/cli/main.ts"), "backtest", ...args, "--data-dir", dir];
  const options = { cwd: dir, env: { ...process.env, TEMPORAL_ADDRESS: ABSENT } };
  return new Promise((resolved) => {
    const child = execFile(process.execPath, command, options, (_, stdout, stderr) => {
      resolved({ code: child.exitCode, stdout, stderr });
    });
  });
}

test("a run on real closes trades, prints its report as JSON and nothing else, and leaves its files", async () => {
  const { code, stdout, stderr } = await backtest("run", "--local", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { report, files } = JSON.parse(stdout);
  expect(report.trades.count).toBeGreaterThanOrEqual(30);
  for (const file of ["report", "trades", "tear_sheet"]) expect(existsSync(files[file])).toBe(true);
  const again = await backtest("run", "--local", "--json");
  expect(report.resultHash).toMatch(/^[0-9a-f]+$/);
  expect(JSON.parse(again.stdout).report).toEqual(report);
});

test("ten times the capital makes the same trades, ten times as large", async () => {
  const [usual, large] = await Promise.all(
    ["100000", "1000000"].map(async (capital) => {
      const { stdout } = await backtest("run", "--local", "--json", "--capital", capital);
      return JSON.parse(stdout).report;
    }),
  );
  expect(large.trades.count).toBe(usual.trades.count);
  expect(large.returns.endEquity).toBeCloseTo(10 * usual.returns.endEquity, 4);
});

test("what kept a run from trading stands in its summary", async () => {
  const share = ["--param", "share=1.5"];
  const { stdout } = await backtest("run", "--local", ...share);
  expect(stdout).toMatch(/^trades +0 /m);
  expect(stdout).toMatch(/^refused +signals: \d+ latched, 1 limit_notional$/m);
});

test("a strategy of one's own is a file", async () => {
  const file = join(root, "examples/strategies/breakout.ts");
  const { stdout } = await backtest(
    "run",
    "--local",
    "--json",
    "--strategy",
    file,
    "--preset",
    "patient",
  );
  expect(JSON.parse(stdout).report.run).toMatchObject({
    strategy: "breakout",
    parameters: { rangeScans: 144 },
  });
});

test.each([
  [["run", "--out", "elsewhere"], "--out goes with --local"],
  [["run", "--local", "--strategy", "nothing"], "neither a strategy's file nor a built-in"],
  [["run", "--local", "--preset", "nothing"], "has no preset 'nothing'"],
  [["run", "--local", "--param", "treshold=1"], "has no parameter 'treshold'"],
  [["run", "--local", "--from", "yesterday"], "--from takes a day"],
  [["run", "--local", "--fills", "never"], "--fills takes same_scan"],
  [["run", "--local", "--posture", "BOLD"], "--posture takes APEX"],
  [["sweep", "--local"], "--grid takes"],
  [["sweep", "--local", "--grid", "threshold=0.1,high"], "threshold of strategy"],
  [["sweep", "--local", "--grid", "threshold=0.1", "--walk-forward", "3"], "--walk-forward takes"],
])("%j is bad usage: %s", async (args, sentence) => {
  const { code, stdout, stderr } = await backtest(...args);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

test.each([
  ["velocity-divergence", 0, "no look-ahead"],
  [join(planted, "through-a-cast.ts"), 1, "without the scans after"],
  [join(planted, "whole-set-statistic.ts"), 1, "with NaN after scan"],
] as const)("the check of %s exits %i", async (strategy, status, sentence) => {
  const { code, stdout, stderr } = await backtest("check", strategy);
  expect(code).toBe(status);
  expect(stdout + stderr).toContain(sentence);
});

test("a check without any decision says nothing, and says so", async () => {
  const { code, stderr } = await backtest("check", "velocity-divergence", "--param", "threshold=9");
  expect(code).toBe(3);
  expect(stderr).toContain("decided nothing on 3932 scans");
});

test("without a server a run says how to go without one", async () => {
  const { code, stderr } = await backtest("run");
  expect(code).toBe(3);
  expect(stderr).toContain(`Temporal at ${ABSENT} does not answer`);
  expect(stderr).toContain("add --local");
}, 30_000);
