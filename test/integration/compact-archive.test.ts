import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { compactedFolder } from "../../src/adapters/archive/days/compacted-days.ts";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import { rowsOf } from "../helpers/bulk-archive.ts";
import { putBacklog } from "../helpers/scan-files.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestTemporal,
} from "../helpers/servers.ts";
import { until } from "../helpers/until.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const DAY = "2026-03-25";
const MORE_DAYS = Array.from({ length: 12 }, (_, at) => `2026-04-${String(at + 10)}`);
const SCANS_A_DAY = 4_000;
const dir = makeTemporaryDirectory("compact");
const archive = join(dir, "arrow_scans");
let server: TemporalServer;
let temporal: TemporalClient;
let worker: ChildProcess;

beforeAll(async () => {
  server = await startTestTemporal(dir);
  temporal = connectTemporal(server.address);
  worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "batch"], {
    env: environment(),
    stdio: "ignore",
  });
});
afterAll(async () => {
  const exited = once(worker, "exit");
  worker.kill("SIGTERM");
  await exited;
  await temporal.close();
  await server.stop();
  removeTemporaryDirectory(dir);
});

function environment(): NodeJS.ProcessEnv {
  return environmentOf(server, {
    DOLPHIN_DATA_DIR: dir,
  });
}

async function dolphin(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...NODE_FLAGS, CLI, ...args, "--json"],
    {
      env: environment(),
    },
  );
  return JSON.parse(stdout);
}

function putDay(day: string, scans: number): void {
  const lastS = Date.parse(`${day}T23:00:00Z`) / 1_000;
  putBacklog(archive, day, { from: 1, to: scans, lastS });
  utimesSync(join(archive, day), lastS, lastS);
}

function compactedNames(): readonly string[] {
  return readdirSync(compactedFolder(archive));
}

test("the schedule compacts every finished day that waits, and stays", async () => {
  putDay(DAY, 300);
  const schedules = [
    { schedule_id: "compact-archive", created: true },
    { schedule_id: "archive-audit", created: true },
    { schedule_id: "paper-trade-daily", created: true },
    { schedule_id: "backtest-daily", created: true },
    { schedule_id: "mc-forewarner", created: true },
  ];
  expect(await dolphin("create")).toMatchObject({ schedules });
  expect(await dolphin("create")).toMatchObject({
    schedules: schedules.map((one) => ({ ...one, created: false })),
  });
  const schedule = temporal.client.schedule.getHandle("compact-archive");
  await schedule.trigger();
  const started = await until("a run", async () => {
    const { info } = await schedule.describe();
    return info.recentActions.at(-1)?.action.workflow.workflowId ?? null;
  });
  const run = temporal.client.workflow.getHandle(started ?? "");
  expect(await run.result()).toEqual({
    written: 1,
    unchanged: 0,
    empty: 0,
    rows: 300,
    problems: [],
  });
  const { typedSearchAttributes } = await run.describe();
  expect(JSON.stringify(typedSearchAttributes)).toContain("batch");
  expect(compactedNames()).toHaveLength(1);
  expect(await rowsOf(archive)).toHaveLength(300);
});

test("a wrong input fails the run with a sentence that says what is right", async () => {
  const start = temporal.client.workflow.execute("compactArchive", {
    workflowId: "compact-wrong",
    taskQueue: "dolphin-batch",
    args: [{ days: ["yesterday"] }],
  });
  await expect(start).rejects.toMatchObject({
    cause: { type: "InvalidInput", message: expect.stringContaining("'2026-03-25'") },
  });
});

test("a run that is cancelled ends as cancelled and leaves nothing behind", async () => {
  for (const day of MORE_DAYS) putDay(day, SCANS_A_DAY);
  const run = await temporal.client.workflow.start("compactArchive", {
    workflowId: "compact-cancelled",
    taskQueue: "dolphin-batch",
    args: [{ days: MORE_DAYS }],
  });
  await until("it writes", () => compactedNames().some((name) => name.endsWith(".tmp")));
  await run.cancel();
  await expect(run.result()).rejects.toMatchObject({ cause: { name: "CancelledFailure" } });
  // The day under way was finished or dropped; the last one was never reached.
  expect(compactedNames().filter((name) => !name.endsWith(".arrow"))).toEqual([]);
  expect(compactedNames().filter((name) => name.startsWith(MORE_DAYS.at(-1) ?? ""))).toEqual([]);
});

test("the command reports each day and what is wrong with another", async () => {
  expect(await dolphin("archive", "compact", DAY)).toMatchObject({
    archive,
    days: [{ day: DAY, kind: "unchanged", rows: 300 }],
    ok: true,
  });
  await expect(dolphin("archive", "compact", "2026-02-30")).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringContaining("is not a day"),
  });
});
