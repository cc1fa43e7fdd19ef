import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestTemporal,
} from "../helpers/servers.ts";
import { until } from "../helpers/until.ts";
import { putChunk, stretched } from "../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../helpers/trading/real-closes.ts";
import { EXIT_SERVER_SILENT } from "../../src/domain/supervision/overall.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const HOUR_MS = 3_600_000;
const dir = makeTemporaryDirectory("backtest");
const archive = join(dir, "arrow_scans");
const GRID = [
  ["--grid", "threshold=0.01,0.015,0.02,0.025,0.03"],
  ["--grid", "takeProfit=0.005,0.01,0.015"],
].flat();
const grid = {
  threshold: [0.01, 0.015, 0.02, 0.025, 0.03],
  takeProfit: [0.005, 0.01, 0.015],
};
let server: TemporalServer;
let temporal: TemporalClient;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  putChunk(archive, stretched(realCloses(), HOUR_MS));
  server = await startTestTemporal(dir);
  temporal = connectTemporal(server.address);
});
afterAll(async () => {
  for (const worker of workers) await end(worker, "SIGTERM");
  await temporal.close();
  await server.stop();
  removeTemporaryDirectory(dir);
});

function environment(): NodeJS.ProcessEnv {
  return environmentOf(server, {
    DOLPHIN_DATA_DIR: dir,
    // Not the usual book: a run of whoever makes it is of this one.
    DOLPHIN_TRADER_FEE_BPS: "6",
  });
}

function startWorker(env: NodeJS.ProcessEnv = {}): ChildProcess {
  const worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "batch"], {
    env: { ...environment(), ...env },
    stdio: "ignore",
  });
  workers.push(worker);
  return worker;
}

async function end(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const exited = once(worker, "exit");
  worker.kill(signal);
  await exited;
}

function chunkFiles(): string[] {
  return globSync("backtests/killed/chunks-*/*.jsonl", { cwd: dir });
}

async function backtest(...args: string[]) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...NODE_FLAGS, CLI, "backtest", ...args, "--json"],
    { env: environment(), maxBuffer: 64 * 1_048_576 },
  );
  return JSON.parse(stdout);
}

/** Which chunk each worker process finished, and how often each was scheduled. */
async function chunksIn(workflowId: string) {
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const scheduled = new Map<string, string>();
  const started = new Map<string, string>();
  const finishedBy: string[] = [];
  for (const event of events ?? []) {
    const id = String(event.eventId);
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (type !== undefined && type !== null) scheduled.set(id, type);
    const start = event.activityTaskStartedEventAttributes;
    if (start) started.set(String(start.scheduledEventId), start.identity ?? "");
    const done = event.activityTaskCompletedEventAttributes;
    const from = String(done?.scheduledEventId);
    if (done && scheduled.get(from) === "runBacktestChunk") {
      finishedBy.push(done.identity ?? started.get(from) ?? "");
    }
  }
  const chunks = [...scheduled.values()].filter((type) => type === "runBacktestChunk");
  return { scheduled: chunks.length, finishedBy };
}

/** As a person starts it whose output goes into a file. */
function typed(...args: string[]) {
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, "backtest", ...args], {
    env: environment(),
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text) => (said.stdout += String(text)));
  child.stderr.on("data", (text) => (said.stderr += String(text)));
  return { said, exited: once(child, "close").then(([code]: unknown[]) => code) };
}

const ASKED_MAX = 20;

/** What it says once Temporal answers it: a verb takes 5 s without an answer, as on a busy machine, for silence. */
async function answered(...args: string[]) {
  for (let asked = 1; ; asked += 1) {
    const { said, exited } = typed(...args);
    const code = await exited;
    if (code !== EXIT_SERVER_SILENT || ASKED_MAX <= asked) return { said, code };
    expect(said.stderr).toContain("does not answer");
  }
}

/** A run that has reached Temporal and says that it waits for a worker. */
async function waiting(...args: string[]) {
  for (let asked = 1; ; asked += 1) {
    const run = typed(...args);
    let code: unknown;
    void run.exited.then((ended) => (code = ended));
    const hasSaid = () => run.said.stderr.includes("backtest-taken waits");
    await until("it says that it waits, or ends", () => hasSaid() || code !== undefined);
    if (hasSaid()) return run;
    expect([code, asked < ASKED_MAX]).toEqual([EXIT_SERVER_SILENT, true]);
  }
}

test("a run that no worker takes says so, and goes on when one comes", async () => {
  const asked = ["run", "--archive", archive, "--name", "taken"];
  const first = await waiting(...asked);
  expect(first.said.stderr).toContain("no batch worker");
  expect(first.said.stderr).toContain("'dolphin worker batch'");

  const other = await answered(...asked, "--param", "threshold=0.03", "--capital", "5000");
  expect(other.code).toBe(1);
  expect(other.said.stderr).toContain(
    "backtest-taken is already running, with other values of parameters, capital",
  );
  expect(other.said.stdout).toBe("");
  const sweep = await answered("sweep", ...asked.slice(1), "--grid", "threshold=0.01,0.02");
  expect(sweep.code).toBe(1);
  expect(sweep.said.stderr).toContain("backtest-taken is already running, as a backtest:");

  const same = await waiting(...asked);
  const worker = startWorker();
  expect([await first.exited, await same.exited]).toEqual([0, 0]);
  expect(same.said.stdout).toBe(first.said.stdout);
  expect(first.said.stdout).toContain("result hash");
  await expectNothingToDo();
  await end(worker, "SIGTERM");
});

/** As the daily schedule meets a young archive; days that a person named are a mistake instead. */
async function expectNothingToDo(): Promise<void> {
  const young = join(dir, "young");
  mkdirSync(young);
  const run = (workflow: string, input: object) =>
    temporal.client.workflow.execute(workflow, {
      workflowId: randomUUID(),
      taskQueue: "dolphin-batch",
      args: [{ name: "young", archive: young, ...input }],
    });
  const words = expect.stringMatching(/^there are no scans.* from 20.* to 20/);
  const expected = { name: "young", scans: 0, nothing_to_do: words };
  expect(await run("backtest", { last_days: 30 })).toEqual(expected);
  expect(await run("backtestSweep", { last_days: 30, grid, walk_forward: "20:5" })).toEqual(
    expected,
  );
  await expect(run("backtest", { from: "2020-01-01", to: "2020-01-31" })).rejects.toMatchObject({
    cause: { cause: { message: expect.stringContaining("there are no scans in") } },
  });
}

test("a sweep whose worker is killed goes on with what is left, to the same result", async () => {
  const first = startWorker();
  const handle = await temporal.client.workflow.start("backtestSweep", {
    workflowId: "backtest-killed",
    taskQueue: "dolphin-batch",
    args: [{ archive, grid, walk_forward: "60:20", lanes: 2, chunk_trials: 8 }],
  });
  const isDone = async () => 3 <= (await chunksIn("backtest-killed")).finishedBy.length;
  await until("three chunks are done", isDone);
  await end(first, "SIGKILL");
  const second = startWorker();
  const reference = await handle.result();

  const { scheduled, finishedBy } = await chunksIn("backtest-killed");
  expect(finishedBy).toHaveLength(scheduled);
  const byFirst = finishedBy.filter((identity) => identity.endsWith(`#${first.pid}`)).length;
  const bySecond = finishedBy.filter((identity) => identity.endsWith(`#${second.pid}`)).length;
  expect(byFirst).toBeGreaterThanOrEqual(3);
  expect(bySecond).toBeGreaterThan(0);
  expect(byFirst + bySecond).toBe(scheduled);

  const local = await backtest(
    "sweep",
    "--local",
    "--archive",
    archive,
    ...GRID,
    "--walk-forward",
    "60:20",
    "--name",
    "local",
  );
  expect(reference).toMatchObject({ resultHash: local.resultHash, scans: 3_932 });
  expect(local.settings.feeBps).toBe(6);
  expect(JSON.stringify(reference).length).toBeLessThan(1_000);
  expect(chunkFiles()).toEqual([]);
});

/** The default strategy, which takes a little longer at each scan: it can't wait, nor see for how long. */
const SLOW_STRATEGY = `
import { velocityDivergence } from ${JSON.stringify(
  new URL("../../src/domain/trading/strategies/velocity-divergence.ts", import.meta.url).href,
)};
let sum = 0;
export default {
  name: velocityDivergence.name,
  start(parameters) {
    const running = velocityDivergence.start(parameters);
    const observe = (view) => {
      for (let n = 0; n < 150_000; n += 1) sum += Math.sqrt(n);
      running.observe(view);
    };
    return { ...running, observe };
  },
};
`;

test("a run whose worker is killed goes on from its checkpoint, to the same result", async () => {
  const strategy = join(dir, "slow.mjs");
  writeFileSync(strategy, SLOW_STRATEGY);
  const quick = ["--archive", archive, "--strategy", strategy, "--name", "quick"];
  const local = await backtest("run", "--local", ...quick);
  for (const worker of workers) await end(worker, "SIGTERM");
  const first = startWorker();
  const handle = await temporal.client.workflow.start("backtest", {
    workflowId: "backtest-slow",
    taskQueue: "dolphin-batch",
    args: [{ archive, strategy }],
  });
  const folder = join(dir, "backtests/slow");
  await until("a checkpoint is there", () => existsSync(join(folder, "checkpoint.bin")));
  await end(first, "SIGKILL");
  const [day = ""] = globSync("*", { cwd: archive }).toSorted();
  // What the first worker was done with is not needed any more.
  renameSync(join(archive, day), join(dir, day));
  startWorker();
  const reference = await handle.result();
  renameSync(join(dir, day), join(archive, day));

  expect(reference).toMatchObject({ resultHash: local.report.resultHash, scans: 3_932 });
  const { report, read } = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  expect(report).toEqual(local.report);
  expect(read.resumedFrom).toBeGreaterThan(0);
  expect(read.resumedFrom).toBeLessThan(3_932);
  const trades = (name: string) => readFileSync(join(dir, "backtests", name, "trades.csv"), "utf8");
  expect(trades("slow")).toBe(trades("quick"));
  expect(globSync("*", { cwd: folder })).toHaveLength(3);
});

test("a run through the worker is the run of this process, and can be asked for afterwards", async () => {
  const local = await backtest("run", "--local", "--archive", archive, "--name", "here");
  const remote = await backtest("run", "--archive", archive, "--name", "there");
  expect(remote.report).toEqual(local.report);
  expect(existsSync(remote.files.tear_sheet)).toBe(true);
  expect((await backtest("report", "there")).report).toEqual(local.report);
  const sweep = await backtest(
    "sweep",
    "--archive",
    archive,
    ...GRID.slice(0, 2),
    "--name",
    "wide",
  );
  expect(await backtest("report", "wide")).toMatchObject({ resultHash: sweep.resultHash });
});

test.each([
  ["backtest", { fills: "never" }, "'same_scan', 'next_scan' or 'latency:MS'"],
  ["backtest", { strategie: "x" }, "unknown field 'strategie'"],
  ["backtestSweep", {}, "field 'grid' is missing"],
  ["backtest", { from: "2031-01-01" }, "there are no scans"],
  ["backtest", { parameters: { treshold: 1 } }, "has no parameter 'treshold'"],
  ["backtest", { limits: { drawdown: 1 } }, "'book', or an object of numbers above 0 by limit"],
  ["backtest", { instruments: { BTCUSDT: { tick: 0 } } }, "instruments.BTCUSDT.tick: "],
])("%s with %j fails with a sentence: %s", async (workflow, input, sentence) => {
  const run = temporal.client.workflow.execute(workflow, {
    workflowId: `backtest-wrong-${sentence.length}`,
    taskQueue: "dolphin-batch",
    args: [{ archive, ...input }],
  });
  const error: unknown = await run.catch((caught: unknown) => caught);
  expect(causesOf(error)).toContain(sentence);
});

function causesOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${causesOf(error.cause)}` : "";
}
