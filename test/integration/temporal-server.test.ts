/** The embedded Temporal server keeps closed workflows for the configured time, also on an old database. */
import { join } from "node:path";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connectTemporal, hasSearchAttributes } from "../../src/adapters/temporal-client.ts";
import type { TemporalClient } from "../../src/adapters/temporal-client.ts";
import { loadConfig } from "../../src/config.ts";
import { bringSchedule } from "../../src/adapters/temporal-schedules.ts";
import {
  SCHEDULE_TABLE,
  type ScheduleName,
} from "../../src/domain/supervision/declared/schedules.ts";
import { createScheduleView } from "../../src/operations/status/schedule-view.ts";
import type { ScheduleRow } from "../../src/wire/system-status.ts";
import { createSupervisors } from "../../src/cli/up/create.ts";
import { createConfigKeeper } from "../../src/embedded/state/up-state.ts";
import { until } from "../helpers/processes.ts";
import {
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestTemporal,
} from "../helpers/servers.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemporaryDirectory("temporal-server");
});
afterAll(() => removeTemporaryDirectory(dir));

async function hoursKept(retentionH: number): Promise<number> {
  const server = await startTestTemporal(dir, undefined, retentionH);
  const temporal = connectTemporal(server.address);
  try {
    const { workflowService } = temporal.connection;
    const { config } = await workflowService.describeNamespace({ namespace: "default" });
    return Number(config?.workflowExecutionRetentionTtl?.seconds) / 3_600;
  } finally {
    await temporal.close();
    await server.stop();
  }
}

/** Of a file with the default journal it is 1. */
const WRITE_AHEAD_VERSION = 2;
const READ_VERSION_AT = 19;

test("a new database keeps for the time that is set, and an old one for the time that is set now", async () => {
  expect(await hoursKept(24)).toBe(24);
  expect(await hoursKept(168)).toBe(168);
  expect(await hoursKept(72)).toBe(72);
  // A write that waits for three syncs of the disk delays every call.
  const file = join(dir, "temporal", "temporal.db");
  expect(readFileSync(file)[READ_VERSION_AT]).toBe(WRITE_AHEAD_VERSION);
});

const CANCEL_WORKFLOW_EXECUTION = 7;

/** As a worker closes a workflow that was cancelled. */
async function closeCancelled({ connection }: TemporalClient, workflowId: string): Promise<void> {
  const { workflowService } = connection;
  const queue = { namespace: "default", taskQueue: { name: "dolphin-trader" } };
  let taken: Awaited<ReturnType<typeof workflowService.pollWorkflowTaskQueue>>;
  do taken = await workflowService.pollWorkflowTaskQueue(queue);
  while (taken.workflowExecution?.workflowId !== workflowId);
  await workflowService.respondWorkflowTaskCompleted({
    namespace: "default",
    taskToken: taken.taskToken,
    commands: [
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum's package is no dependency
      { commandType: CANCEL_WORKFLOW_EXECUTION, cancelWorkflowExecutionCommandAttributes: {} },
    ],
  });
}

const ASKED_TIMES = 20;

/** Workers ask all the time, and each listing of them costs the server a connection to itself. */
async function expectFewConnections(temporal: TemporalClient, pid: number): Promise<void> {
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const before = open();
  for (let times = 0; times < ASKED_TIMES; times += 1) {
    expect(await hasSearchAttributes(temporal)).toBe(true);
  }
  expect(open() - before).toBeLessThan(ASKED_TIMES);
}

const LOST = "backtest-daily" satisfies ScheduleName;

test("`up` creates a lost supervisor again with what was lost with it, and not one that was cancelled", async () => {
  const server = await startTestTemporal(dir);
  const temporal = connectTemporal(server.address);
  onTestFinished(async () => {
    await temporal.close();
    await server.stop();
  });
  const events: string[] = [];
  const tell = () => events.join("\n");
  const namespace = "default";
  const world = { dataDir: dir, temporal: server.address, namespace, env: {}, secrets: {} };
  const { config } = loadConfig({ env: {}, cwd: dir });
  // As `up` does for its children.
  createConfigKeeper({ ...config, data_dir: dir }).keep();
  const onEvent = (_: string, text: string) => events.push(text);
  const supervisors = createSupervisors({ world, config, onEvent }, Promise.resolve());
  const statusOf = async (service: string) => {
    const handle = temporal.client.workflow.getHandle(`supervise-${service}`);
    return (await handle.describe()).status.name;
  };
  try {
    await until(() => supervisors.failures().length === 0, { ms: 20_000, tell });
    await expectFewConnections(temporal, server.pid);
    await temporal.connection.withDeadline(Date.now() + 120_000, () =>
      closeCancelled(temporal, "supervise-trader-blue"),
    );
    expect(await statusOf("trader-blue")).toBe("CANCELLED");
    await temporal.client.schedule.getHandle(LOST).delete();
    await temporal.client.workflow.getHandle("supervise-scan-bridge").terminate("by hand");
    const isBack = () => tell().includes("the supervisor of scan-bridge was gone: created again");
    await until(isBack, { ms: 20_000, tell });
  } finally {
    // Ends after the turn that made it anew, with all that this turn does.
    await supervisors.giveUp();
  }
  expect(await statusOf("scan-bridge")).toBe("RUNNING");
  expect((await temporal.client.schedule.getHandle(LOST).describe()).scheduleId).toBe(LOST);
  expect(await statusOf("trader-blue")).toBe("CANCELLED");
});

const untaken = () => "the server has not taken the change";
const MADE_UP = "archive-audit" satisfies ScheduleName;
const STALE = "compact-archive" satisfies ScheduleName;
/** The least that the server takes is ten seconds. */
const STALE_AFTER_S = 11;

/** Gives both one time of the day, and stops their server before it; null where that took too long. */
async function missTime(own: string, inMs: number): Promise<Date | null> {
  const server = await startTestTemporal(own);
  const temporal = connectTemporal(server.address);
  const due = new Date(Math.ceil((Date.now() + inMs) / 1_000) * 1_000);
  const [hour, minute, second] = [due.getUTCHours(), due.getUTCMinutes(), due.getUTCSeconds()];
  const isOver = () => due.getTime() <= Date.now();
  for (const name of [MADE_UP, STALE] as const) {
    const spec = SCHEDULE_TABLE[name];
    const catchup_h = name === STALE ? STALE_AFTER_S / 3_600 : spec.catchup_h;
    await bringSchedule(temporal, { ...spec, catchup_h });
    const schedule = temporal.client.schedule.getHandle(name);
    await schedule.update((stands) => ({
      ...stands,
      spec: { calendars: [{ hour, minute, second }] },
    }));
    // A time that is over when the server takes the change is not one that was missed.
    const isTaken = async () => {
      const { info } = await schedule.describe();
      return info.nextActionTimes[0]?.getTime() === due.getTime();
    };
    await until(async () => isOver() || (await isTaken()), { ms: 2 * inMs, tell: untaken });
  }
  await temporal.close();
  await server.stop();
  if (isOver()) return null;
  const staleMs = due.getTime() + STALE_AFTER_S * 1_000;
  await until(() => staleMs < Date.now(), { ms: 2 * inMs, tell: () => "it is not time" });
  return due;
}

test("of what was missed while the server was away a schedule makes up for what is young enough, and counts the rest", async () => {
  // A busy machine takes long to stop a server. What is taken before it stops would still run, and stand in the next one's way.
  let own = dir;
  let due: Date | null = null;
  for (const inMs of [4_000, 30_000, 120_000]) {
    own = join(dir, `missed-${inMs}`);
    mkdirSync(own);
    due = await missTime(own, inMs);
    if (due !== null) break;
  }
  const server = await startTestTemporal(own);
  const temporal = connectTemporal(server.address);
  onTestFinished(async () => {
    await temporal.close();
    await server.stop();
  });
  const run = `${MADE_UP}-${due?.toISOString().slice(0, 19)}Z`;
  const described = { actions: "" };
  const isMadeUp = async () => {
    const { info } = await temporal.client.schedule.getHandle(MADE_UP).describe();
    described.actions = JSON.stringify(info.recentActions);
    return info.recentActions.some(({ action }) => action.workflow.workflowId === run);
  };
  await until(isMadeUp, { ms: 60_000, tell: () => described.actions });
  expect(described.actions).toContain(run);
  let rows: readonly ScheduleRow[] = [];
  const rowOf = (name: ScheduleName) => rows.find(({ schedule }) => schedule === name);
  const isCounted = async () => {
    rows = await createScheduleView(temporal.reads)();
    return rowOf(STALE)?.schedule_skipped === 1;
  };
  await until(isCounted, { ms: 60_000, tell: () => JSON.stringify(rows) });
  expect(rowOf(STALE)).toMatchObject({ last_due_at: null, paused: null });
  expect(rowOf(MADE_UP)?.schedule_skipped).toBe(0);
  expect(rowOf(MADE_UP)?.last_late_s).toBeGreaterThanOrEqual(STALE_AFTER_S);
});
