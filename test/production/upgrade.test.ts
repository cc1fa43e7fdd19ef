/**
 * A worker of the previous version and one of this checkout side by side, on running workflows: none is restarted, none
 * decides differently from its history. Then the old one is stopped. `npm run test:production` runs it; UPGRADE_FROM
 * names the previous version (default: the branch main).
 */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { setModeUpdate } from "../../src/workflows/messages/supervision.ts";
import { setRecoveryModeUpdate } from "../../src/workflows/messages/health.ts";
import { META_HEALTH_ID, sessionIdOf, supervisorIdOf } from "../../src/workflows/names.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import {
  LAYERS,
  Runner,
  type Stack,
  startSimulator,
  startStack,
} from "../helpers/production/stack.ts";
import { until } from "../helpers/processes.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FROM = process.env["UPGRADE_FROM"] ?? "main";
const isThere = spawnSync("git", ["-C", ROOT, "rev-parse", "--verify", "-q", FROM]).status === 0;
if (!isThere) {
  process.stdout.write(`skipped: git knows no version ${FROM} here; UPGRADE_FROM names another\n`);
}
const KEPT = ["scan-bridge", "trader-blue", "bookkeeper", "health"];
/** Workflow ids, each with what makes its workflow decide something. */
const DECIDING = ["scan-bridge", "trader-blue", "health"].map(supervisorIdOf);

await untilDayLasts();
let parent = "";
let archive = "";
let before = "";
let simulator: Runner | null = null;
let stack: Stack | null = null;

beforeAll(async () => {
  if (!isThere) return;
  parent = makeTemporaryDirectory("upgrade");
  archive = join(parent, "arrow_scans");
  before = join(parent, "before");
  simulator = new Runner(parent, process.env);
  mkdirSync(archive);
  checkOut();
  stack = await startStack({
    dir: join(parent, "stack"),
    archive,
    bin: join(before, "bin", "dolphin"),
  });
  startSimulator(simulator, archive);
});
afterAll(async () => {
  await simulator?.stop("simulator");
  await stack?.die();
  if (parent !== "") removeTemporaryDirectory(parent);
});

/** The files of that version, on the packages and programs of this one. */
function checkOut(): void {
  mkdirSync(before);
  const script = `git -C '${ROOT}' archive '${FROM}' | tar -x -C '${before}'`;
  expect(spawnSync("/bin/sh", ["-c", script]).status).toBe(0);
  for (const name of ["node_modules", ".tools"]) symlinkSync(join(ROOT, name), join(before, name));
}

const within = (tell: () => string) => ({ ms: 400_000, tell });

/** Of each service that is kept: its process, and how often it was started anew; null unless all are well. */
async function processes(of: Stack) {
  const { out } = await of.dolphin("status", "--json");
  const { services }: { services: Record<string, unknown>[] } = JSON.parse(out);
  const rows = services.filter(({ service }) => KEPT.includes(String(service)));
  const isWell = rows.every(({ status, pid }) => status === "Healthy" && typeof pid === "number");
  return isWell && rows.length === KEPT.length
    ? rows.map(({ service, pid, life }) => `${String(service)} ${String(pid)} ${String(life)}`)
    : null;
}

async function untilWell(of: Stack) {
  let found: readonly string[] | null = null;
  await until(
    async () => (found = await processes(of)) !== null,
    within(() => of.output("worker")),
  );
  return found ?? [];
}

/** Has the workflow decide something, by whichever worker takes it: what is cached is forgotten first. */
async function decide(of: Stack, workflowId: string): Promise<void> {
  const { client, connection } = of.temporal;
  await connection.workflowService.resetStickyTaskQueue({
    namespace: "default",
    execution: { workflowId },
  });
  const handle = client.workflow.getHandle(workflowId);
  if (workflowId === META_HEALTH_ID) {
    await handle.executeUpdate(setRecoveryModeUpdate, { args: [{ mode: "auto" }] });
  } else if (DECIDING.includes(workflowId)) {
    await handle.executeUpdate(setModeUpdate, { args: [{ mode: "auto" }] });
  } else {
    await of.pnl();
  }
}

async function historyOf(of: Stack, workflowId: string) {
  const { events } = await of.temporal.client.workflow.getHandle(workflowId).fetchHistory();
  return events ?? [];
}

async function isDecidedBy(of: Stack, workflowId: string, worker: ChildProcess): Promise<boolean> {
  const events = await historyOf(of, workflowId);
  return events.some(({ workflowTaskCompletedEventAttributes: done }) =>
    done?.identity?.endsWith(`#${worker.pid}`),
  );
}

/** Of all that ran: which workflows' tasks failed, and why. */
async function failuresOf(of: Stack): Promise<readonly string[]> {
  const failures: string[] = [];
  for await (const { workflowId, runId } of of.temporal.client.workflow.list()) {
    const handle = of.temporal.client.workflow.getHandle(workflowId, runId);
    for (const { workflowTaskFailedEventAttributes: failed } of (await handle.fetchHistory())
      .events ?? []) {
      if (failed != null) failures.push(`${workflowId}: ${failed.failure?.message}`);
    }
  }
  return failures;
}

test.skipIf(!isThere)("side by side, and the old one goes", async () => {
  const now = stack!;
  const atFirst = await untilWell(now);
  await until(
    async () => 1 < ((await now.pnl().catch(() => null))?.trades ?? 0),
    within(() => "trades"),
  );
  const newer = now.start("newer", DOLPHIN, ["worker", ...LAYERS]);
  await until(
    () => LAYERS.every((layer) => now.output("newer").includes(`layer ${layer}`)),
    within(() => now.output("newer")),
  );
  const all = [...DECIDING, META_HEALTH_ID, sessionIdOf("BLUE", now.today)];
  for (const workflowId of all) {
    await until(
      async () => {
        await decide(now, workflowId);
        return isDecidedBy(now, workflowId, newer);
      },
      within(() => `the newer worker decided nothing of ${workflowId}`),
    );
  }
  expect(await failuresOf(now)).toEqual([]);
  expect(await untilWell(now)).toEqual(atFirst);

  await now.stop("worker");
  const after = await untilWell(now);
  expect(after.filter((one) => atFirst.includes(one))).toEqual([]);
  for (const workflowId of all) await decide(now, workflowId);
  expect(await failuresOf(now)).toEqual([]);
  const [pnl, scans] = [await now.pnl(), now.scans()];
  expect(pnl).toMatchObject({ gaps: [], ignored: 0 });
  expect(scans.map(({ seq }) => seq)).toEqual(scans.map((_, at) => at + 1));
});
