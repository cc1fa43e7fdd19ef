/** `ingestScans` on real servers: the bridge pushes what is missing, and the run returns the audit's table. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import { bringSchedule } from "../../src/adapters/temporal-schedules.ts";
import { SCHEDULE_TABLE } from "../../src/domain/supervision/declared/schedules.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { putBacklog } from "../helpers/scan-files.ts";
import { environmentOf, startTestTemporal } from "../helpers/servers.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli/main.ts");
const DAYS = ["2026-03-25", "2026-03-26"] as const;
const QUEUE = "dolphin-scan";
let lab: Lab;
let site: Site;
let server: TemporalServer;
let temporal: TemporalClient;
let worker: ChildProcess;

beforeAll(async () => {
  lab = await openLab("ingest");
  server = await startTestTemporal(lab.dir);
  temporal = connectTemporal(server.address);
  site = await lab.site();
  for (const [at, day] of DAYS.entries()) {
    const lastS = Date.parse(`${day}T23:00:00Z`) / 1_000;
    putBacklog(site.archive, day, { from: 1 + 20 * at, to: 20 * (at + 1), lastS });
  }
  await site.start();
  await site.settled(20);
  worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "scan"], {
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
  await lab.close();
});

function environment(): NodeJS.ProcessEnv {
  return environmentOf(server, {
    DOLPHIN_CONFIG: join(site.dir, "dolphin.yaml"),
  });
}

const ingest = (workflowId: string, input: object) =>
  temporal.client.workflow.execute("ingestScans", { workflowId, taskQueue: QUEUE, args: [input] });

test("what the journal no longer knows is pushed by the bridge, and the table shows each day", async () => {
  const firstDay = site.readJournal((journal) => journal.meta("first_day")) ?? "";
  const day = DAYS.find((one) => firstDay <= one) ?? "";
  const journal = new Database(site.journalFile);
  journal.prepare("DELETE FROM files WHERE day = ?").run(day);
  journal.close();
  const all = { files: 20, pending: 0, missing: 0 };
  expect(await ingest("ingest-day", { day })).toMatchObject({
    days: { [day]: all },
    total: all,
    missing: [],
    ring: { lacking: [], detail: null },
    problems: [],
  });
  // The day before was there when the first bridge began.
  expect(firstDay).toBe(DAYS[1]);
  await expect(ingest("ingest-range", { from: DAYS[0], to: DAYS[1] })).rejects.toMatchObject({
    cause: {
      type: "ArchiveDiffers",
      details: [
        {
          total: { missing: 0 },
          problems: [
            {
              day: DAYS[0],
              detail: expect.stringContaining(`not ours: 20 files before first_day ${DAYS[1]}`),
            },
          ],
        },
      ],
    },
  });
});

test("the schedule is on the queue of the scan layer, and takes the day that is over", async () => {
  // Of what `dolphin create` makes, the schedule alone: a supervisor would start a bridge of its own.
  await bringSchedule(temporal, SCHEDULE_TABLE["archive-audit"]);
  const schedule = temporal.client.schedule.getHandle("archive-audit");
  await schedule.trigger();
  const started = await until("a run", async () => {
    const { info } = await schedule.describe();
    return info.recentActions.at(-1)?.action.workflow.workflowId ?? null;
  });
  const run = temporal.client.workflow.getHandle(started);
  expect(await run.result()).toMatchObject({ problems: [] });
  expect((await run.describe()).taskQueue).toBe(QUEUE);
});

test("a backfill of the schedule takes the day before the one that it is for", async () => {
  const schedule = temporal.client.schedule.getHandle("archive-audit");
  await schedule.backfill({
    start: new Date(`${DAYS[1]}T00:05:00Z`),
    end: new Date(`${DAYS[1]}T00:15:00Z`),
  });
  const started = await until("the run", async () => {
    const { info } = await schedule.describe();
    const names = info.recentActions.map(({ action }) => action.workflow.workflowId);
    return names.find((name) => name.endsWith(`${DAYS[1]}T00:10:00Z`)) ?? null;
  });
  const result: unknown = await temporal.client.workflow.getHandle(started).result();
  expect(result).toEqual(
    expect.objectContaining({ days: { [DAYS[0]]: expect.objectContaining({}) as unknown } }),
  );
});

test.each<[object, string]>([
  [{ day: "yesterday" }, "'2026-03-25'"],
  [{ from: "2026-03-25" }, "field 'to' is missing"],
  [{ from: "2026-03-26", to: "2026-03-25" }, "must be 1 to"],
  [{ day: "2026-03-25", to: "2026-03-25" }, "cannot be combined"],
])("an input of %j fails the run with a sentence", async (input, sentence) => {
  await expect(ingest("ingest-wrong", input)).rejects.toMatchObject({
    cause: { type: "InvalidInput", message: expect.stringContaining(sentence) },
  });
});

test("without a bridge what is missing fails the run, which says so", async () => {
  await lab.stopBridges();
  const day = DAYS[1];
  const lastS = Date.parse(`${day}T23:30:00Z`) / 1_000;
  putBacklog(site.archive, day, { from: 41, to: 42, lastS });
  await expect(ingest("ingest-alone", { day })).rejects.toMatchObject({
    cause: {
      type: "ArchiveDiffers",
      message: expect.stringContaining("no bridge runs on this data directory"),
      details: [expect.objectContaining({ total: expect.objectContaining({ missing: 2 }) })],
    },
  });
});
