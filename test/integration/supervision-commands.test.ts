/** Operator commands: plain `temporal` commands, wrong input, pause, reset, `dolphin` verbs. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WorkflowFailedError } from "@temporalio/client";
import { ApplicationFailure } from "@temporalio/common";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { serviceChoices } from "../../src/domain/supervision/chosen-services.ts";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import type { Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { sendSignal } from "../helpers/processes.ts";

const POLICY = `supervision: { restarts_max: 1000, window_s: 86400, delays_s: [0], health_check_s: 1, news_s: 3 }`;
let stage: Stage;

beforeAll(async () => {
  stage = await openStage("commands", POLICY);
  stage.startWorker();
});
afterAll(() => stage.close());
afterEach(() => stage.clear());

/** The real Temporal CLI. */
async function temporal(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(findToolchain().temporal, [
    ...args,
    "--address",
    stage.address,
  ]);
  return stdout;
}

const START = ["workflow", "start", "--type", "superviseService"];
const RESET = "workflow reset --reason test --type FirstWorkflowTask --workflow-id".split(" ");
const AS_FAKE = ["--task-queue", "dolphin-scan", "--workflow-id", "supervise-fake"];

async function healthyPid(): Promise<number> {
  const { pid } = await stage.statusWhere(
    "healthy",
    (now) => now.word === "Healthy" && now.pid !== null,
  );
  return pid ?? 0;
}

describe("the plain Temporal CLI", () => {
  test.each([
    ["no input", []],
    ["{}", ["--input", "{}"]],
    ["null", ["--input", "null"]],
    ["the service", ["--input", '{"service":"fake"}']],
    ["nulls", ["--input", '{"service":null,"mode":null}']],
  ])("starts a supervisor with %s", async (_what, input) => {
    await temporal(...START, ...AS_FAKE, ...input);
    const pid = await healthyPid();
    expect(stage.alive()).toEqual([pid]);
  });

  test("queries, updates, and reads the handlers' descriptions", async () => {
    await temporal(...START, ...AS_FAKE);
    const pid = await healthyPid();
    const target = ["--workflow-id", "supervise-fake"];
    expect(await temporal("workflow", "query", "--name", "status", ...target)).toContain(`${pid}`);
    const stopped = await temporal("workflow", "update", "execute", "--name", "stop", ...target);
    expect(stopped).toContain("Stopped");
    expect(stage.alive()).toEqual([]);
    await temporal("workflow", "update", "execute", "--name", "start", "--input", "{}", ...target);
    expect(stage.alive()).toHaveLength(1);
    const metadata = await temporal("workflow", "metadata", ...target);
    expect(metadata).toContain("Stops the service and keeps it stopped");
    const shown = await temporal("workflow", "describe", ...target, "-o", "json");
    expect(JSON.parse(shown)).toMatchObject({
      workflowExecutionInfo: {
        searchAttributes: { indexedFields: { DolphinService: { data: btoa(`"fake"`) } } },
      },
    });
  });

  test.each([
    ["setMode", '"sometimes"', "field 'mode' must be 'auto' or 'monitor-only', was \"sometimes\""],
    ["setMode", "{}", "field 'mode' is missing"],
    ["stop", '{"now":true}', "unknown field 'now'"],
    ["start", "[1]", "input must be one JSON object, was [1]"],
  ])("update %s with %s is refused with a reason", async (name, input, reason) => {
    await temporal(...START, ...AS_FAKE);
    await healthyPid();
    const update = ["workflow", "update", "execute", "--name", name, "--input", input];
    await expect(temporal(...update, "--workflow-id", "supervise-fake")).rejects.toThrow(reason);
  });
});

describe("wrong input fails the workflow and says why", () => {
  test.each([
    ["superviseService", { service: 7 }, "field 'service' must be a text that is not empty, was 7"],
    ["superviseService", { servic: "fake" }, "unknown field 'servic'; the fields are: service, "],
    ["superviseService", [], "input must be one JSON object, was []"],
    ["superviseService", "fake", 'input must be one JSON object, was "fake"'],
    ["superviseService", {}, "field 'service' is missing, and workflow id 'odd' does not name one"],
    [
      "superviseService",
      { service: "fakir" },
      "service 'fakir' is not known; the services are: fake",
    ],
    ["superviseService", { service: "fake", mode: "off" }, "must be 'auto' or 'monitor-only', was"],
    [
      "serviceRun",
      { service: "fake", life: 0 },
      "field 'life' must be a whole number of at least 1, was 0",
    ],
    ["serviceRun", { service: "fakir" }, "service 'fakir' is not known"],
  ])("%s with %j", async (type, input, reason) => {
    const { workflow } = stage.temporal.client;
    const failure: unknown = await workflow
      .execute(type, { workflowId: "odd", taskQueue: "dolphin-scan", args: [input] })
      .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));
    const cause = rootOf(failure);
    expect(cause.message).toContain(reason);
    expect(cause.type).toBe("InvalidInput");
  });
});

function rootOf(failure: unknown): ApplicationFailure {
  if (failure instanceof ApplicationFailure) return failure;
  if (failure instanceof Error && failure.cause !== undefined) return rootOf(failure.cause);
  throw new Error("not an application failure", { cause: failure });
}

describe("the activity `process`", () => {
  const target = ["--workflow-id", "run-fake", "--activity-id", "process"];

  test("paused stops the service, unpaused starts it again", async () => {
    await stage.supervise();
    const pid = await healthyPid();
    await temporal("activity", "pause", ...target);
    const paused = await stage.statusWhere("stopped", (now) => now.word === "Stopped");
    expect(paused.reason).toBe("its activity is paused");
    expect(isProcessAlive(pid, null)).toBe(false);
    await temporal("activity", "unpause", ...target);
    const again = await healthyPid();
    expect(again).not.toBe(pid);
  });

  test("reset leaves the process to the next attempt", async () => {
    await stage.supervise();
    const pid = await healthyPid();
    await temporal("activity", "reset", ...target);
    await until("another attempt holds it", async () => {
      const { raw } = await stage.run.describe();
      return raw.pendingActivities?.[0]?.lastHeartbeatTime != null;
    });
    await stage.statusWhere("the same", (now) => now.word === "Healthy" && now.pid === pid);
    expect(stage.alive()).toEqual([pid]);
  });
});

function unlessOver(error: unknown): void {
  if (!String(error).includes("Can't find pending activity")) throw error;
}

test("a stop between two attempts ends the process that waits for adoption", async () => {
  await stage.supervise();
  const pid = await healthyPid();
  const [stopped] = await Promise.all([
    stage.stop(),
    // On a busy machine the stop may be over before the reset comes, which then finds nothing.
    temporal("activity", "reset", "--workflow-id", "run-fake", "--activity-id", "process").catch(
      unlessOver,
    ),
  ]);
  expect(stopped).toMatchObject({ word: "Stopped", pid: null });
  expect(stopped.last_end).toMatchObject({ kind: "stopped" });
  await until("ended", () => !isProcessAlive(pid, null));
});

test("a run that is reset is adopted with its process", async () => {
  await stage.supervise();
  const pid = await healthyPid();
  const { runId } = await stage.run.describe();
  await temporal(...RESET, "run-fake");
  await until("another run", async () => (await stage.run.describe()).runId !== runId);
  await stage.statusWhere("the same", (now) => now.word === "Healthy" && now.pid === pid);
  expect(stage.alive()).toEqual([pid]);
  sendSignal(pid, "SIGKILL");
  await stage.statusWhere("supervised", (now) => now.word === "Healthy" && now.pid !== pid);
});

test("a supervisor that is reset adopts what it had started", async () => {
  await stage.supervise();
  const pid = await healthyPid();
  await temporal(...RESET, "supervise-fake");
  await stage.statusWhere("the same", (now) => now.word === "Healthy" && now.pid === pid);
  expect(stage.alive()).toEqual([pid]);
});

describe("`dolphin`", () => {
  // Its table does not know the real services.
  beforeAll(() => stage.stopWorker("SIGTERM"));
  const bin = fileURLToPath(new URL("../../bin/dolphin", import.meta.url));
  const dolphin = (...args: string[]) =>
    promisify(execFile)(bin, [...args, "--data-dir", stage.dir], {
      env: { ...process.env, TEMPORAL_ADDRESS: stage.address },
    });

  test("create makes what is missing, and again does no harm", async () => {
    const first = await dolphin("create", "--json");
    expect(JSON.parse(first.stdout)).toMatchObject({
      supervisors: [
        { service: "scan-bridge", created: true },
        { service: "trader-blue", created: true },
        { service: "trader-green", created: true },
        { service: "bookkeeper", created: true },
        { service: "order-book", created: true },
        { service: "health", created: true },
      ],
      schedules: [
        { schedule_id: "compact-archive", created: true },
        { schedule_id: "archive-audit", created: true },
        { schedule_id: "paper-trade-daily", created: true },
        { schedule_id: "backtest-daily", created: true },
        { schedule_id: "mc-forewarner", created: true },
      ],
    });
    const again = await dolphin("create");
    expect(again.stdout).toContain("supervisor supervise-scan-bridge: unchanged");
    for (const service of ["scan-bridge", "trader-blue"]) {
      await stage.temporal.client.workflow.getHandle(`supervise-${service}`).terminate("test");
    }
  });

  test.each([
    [["stop", "scan-bridge"], 1, "scan-bridge has no supervisor"],
    [
      ["restart", "nothing"],
      64,
      `Allowed choices are ${serviceChoices(Object.values(SERVICES)).join(", ")}`,
    ],
    [["worker", "nothing"], 64, "Allowed choices are trader, scan, indicators, health, batch"],
  ])("%j exits %i: %s", async (args, code, text) => {
    await expect(dolphin(...args)).rejects.toMatchObject({
      code,
      stderr: expect.stringContaining(text),
    });
  });
});
