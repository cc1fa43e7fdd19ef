import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
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
  const main = join(root, "src/cli/main.ts");
  const command = [...NODE_FLAGS, main, "backtest", ...args, "--data-dir", dir];
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

test.each([
  ["none", /^trades +37 /m, /^limits +would have latched limit_daily_loss on 2018-01-16$/m],
  ["book", /^trades +0 /m, /^refused +signals: \d+ limit_notional$/m],
  [
    "gross_notional_max=150000,position_notional_max=150000",
    /^refused +signals: \d+ latched$/m,
    /^limits +stopped by limit_daily_loss on 2018-01-16$/m,
  ],
])("a run with --limits %s says what they did", async (limits, ...rows) => {
  const args = ["run", "--local", "--param", "share=1.5", "--limits", limits];
  const { stdout } = await backtest(...args);
  for (const row of rows) expect(stdout).toMatch(row);
});

test("a run is of the configured book; flags override, and the summary says what differs", async () => {
  const file = join(dir, "book.yaml");
  writeFileSync(
    file,
    JSON.stringify({
      trader: {
        capital: 50_000,
        parameters: { threshold: 0.03 },
        fee_bps: 6,
        partial_share: 0.5,
        instruments: { BTCUSDT: { tick: 0.5, lot: 0.1 } },
      },
    }),
  );
  const configured = ["--local", "--config", file];
  const flags = ["--param", "threshold=0.03", "--capital", "50000", "--fee-bps", "6"];
  const more = ["--partial-share", "0.5", "--instruments", "BTCUSDT=0.5:0.1"];
  const [own, typed, cheap] = await Promise.all([
    backtest("run", "--json", ...configured),
    backtest("run", "--json", "--local", "--name", "typed", ...flags, ...more),
    backtest("run", ...configured, "--fee-bps", "0", "--limits", "book"),
  ]);
  const { report, settings } = JSON.parse(own.stdout);
  expect(report.returns.start).toBe(50_000);
  expect(settings).toMatchObject({ feeBps: 6, partialShare: 0.5 });
  expect(JSON.parse(typed.stdout).report).toEqual(report);
  expect(cheap.stdout).toMatch(/^book +as configured but for fee_bps 0 instead of 6$/m);
});

test("a copy of the archive whose files' times run backwards is put in order, and the summary says so", async () => {
  const copy = join(dir, "copy");
  for (const day of globSync("*", { cwd: archive }).toSorted().slice(0, 3)) {
    cpSync(join(archive, day), join(copy, day), { recursive: true });
  }
  globSync("*/*.arrow", { cwd: copy })
    .toSorted()
    .forEach((file, at) => utimesSync(join(copy, file), 1_700_000_000 - at, 1_700_000_000 - at));
  const asked = ["run", "--local", "--archive", copy, "--accept-disorder"];
  const { stdout } = await backtest(...asked);
  expect(stdout).toMatch(
    /^order +\d+ scans of 3 days put in the order of their numbers and times/m,
  );
});

test("a text parameter takes a text that looks like a number, in a run and in a grid", async () => {
  const file = join(dir, "texts.ts");
  const definition = join(root, "src/domain/trading/strategy.ts");
  writeFileSync(
    file,
    `import { defineStrategy } from ${JSON.stringify(definition)};
     export default defineStrategy({
       name: "texts", version: 1, inputs: ["scan"], carried: [], defaults: { at: "1,2", share: 1 },
       presets: {}, lookBackScans: () => 1, positionsMax: () => 1, remember: () => ({}),
       observe: () => {}, isWarm: () => true, decide: () => null, readings: () => ({}),
     });`,
  );
  const how = ["--local", "--json", "--strategy", file];
  const run = await backtest("run", ...how, "--param", "at=1", "--param", "share=0.5");
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(run.stdout).report.run.parameters).toEqual({ at: "1", share: 0.5 });
  const sweep = await backtest("sweep", ...how, "--grid", "at=1,true");
  expect(sweep).toMatchObject({ code: 0, stderr: "" });
  const wrong = await backtest("run", ...how, "--param", "share=much");
  expect(wrong).toMatchObject({ code: 64 });
  expect(wrong.stderr).toContain("parameter share of strategy texts is a number, was 'much'");
});

test("a user's strategy is a file", async () => {
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
  [["run", "--out", "elsewhere"], "--out needs --local"],
  [["run", "--local", "--strategy", "nothing"], "neither a strategy's file nor a built-in"],
  [["run", "--local", "--preset", "nothing"], "has no preset 'nothing'"],
  [["run", "--local", "--param", "treshold=1"], "has no parameter 'treshold'"],
  [["run", "--local", "--from", "yesterday"], "--from takes a day"],
  [["run", "--local", "--fills", "never"], "--fills takes same_scan"],
  [["run", "--local", "--posture", "BOLD"], "--posture takes APEX"],
  [["run", "--local", "--instruments", "BTCUSDT"], "--instruments takes none, book or ASSET="],
  [["run", "--local", "--limits", "drawdown_max=2"], "limits.drawdown_max: "],
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
  [join(planted, "reads-a-file.ts"), 64, "reads-a-file.ts reads node:fs: a strategy sees only"],
  [join(planted, "asks-the-clock.ts"), 1, "asks-the-clock.ts uses Date.now: a strategy sees only"],
] as const)("the check of %s exits %i", async (strategy, status, sentence) => {
  const { code, stdout, stderr } = await backtest("check", strategy);
  expect(code).toBe(status);
  expect(stdout + stderr).toContain(sentence);
});

test("a check without any decision says nothing, and says so", async () => {
  const { code, stderr } = await backtest("check", "velocity-divergence", "--param", "threshold=9");
  expect(code).toBe(3);
  expect(stderr).toContain("placed no order on 3932 scans, so nothing was checked");
});

test("without a server a run says how to go without one", async () => {
  const { code, stderr } = await backtest("run");
  expect(code).toBe(3);
  expect(stderr).toContain(`Temporal at ${ABSENT} does not answer`);
  expect(stderr).toContain("add --local");
});
