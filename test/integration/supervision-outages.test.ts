/** Workers and Temporal die, hang and come back: at every moment there is at most one process. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ActivityNotFoundError } from "@temporalio/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HoldFile, readHolds, writeHold } from "../../src/adapters/process/hold/hold-file.ts";
import { kernelPlace } from "../../src/adapters/process/hold/kernel-place.ts";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { failAttempt } from "../../src/adapters/temporal/keeping-attempt.ts";
import { endedProcess } from "../../src/operations/status/ended-process.ts";
import { releaseHolds } from "../../src/workers/supervision/release-holds.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import type { Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { sendSignal } from "../helpers/processes.ts";

const POLICY = `supervision: { restarts_max: 1000, window_s: 86400, delays_s: [0], health_check_s: 1, news_s: 3 }`;
/** How often the worker looks for its supervisors. */
const POLL_EVERY_MS = 3_000;
let stage: Stage;

beforeEach(async () => {
  stage = await openStage("outages", POLICY);
  stage.startWorker();
  await stage.supervise();
});
afterEach(async () => {
  await stage.close();
  if (1 < stage.sampler.most()) throw new Error("two processes ran at once");
  if (0 < stage.alive().length) throw new Error("a worker that ended left its service");
});

async function healthyPid(): Promise<number> {
  const { pid } = await stage.statusWhere(
    "healthy",
    (now) => now.word === "Healthy" && now.pid !== null,
  );
  return pid ?? 0;
}

function healthyWith(pid: number) {
  return stage.statusWhere(
    `pid ${pid} is healthy`,
    (now) => now.word === "Healthy" && now.pid === pid,
  );
}

/** Heartbeats come each second, and five seconds without one end an attempt. */
const BEATS_LAST_MS = 3_500;
const runFolder = (): string => join(stage.dir, "run");

function release(): Promise<void> {
  return releaseHolds({
    temporal: stage.temporal,
    runFolder: runFolder(),
    tell: () => undefined,
    stop: new AbortController().signal,
  });
}

function asSome<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

/** Of a process that ended long ago. */
function keptByDead(): HoldFile {
  const keeper = { pid: 2 ** 30, started_ticks: 1 };
  const place = kernelPlace();
  return {
    service: "",
    run_id: randomUUID(),
    attempt: 1,
    token: "bm9uZQ==",
    identity: "x",
    keeper,
    place,
  };
}

/** Numbers of the attempts by which the activities of a run ended. */
async function attemptsOf(runId: string): Promise<readonly number[]> {
  const run = stage.temporal.client.workflow.getHandle("run-fake", runId);
  const { events = [] } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: began }) =>
    began == null ? [] : [began.attempt ?? 0],
  );
}

describe("a worker", () => {
  test("killed with -9 takes its service with it; the next one starts another life", async (context) => {
    const pid = await healthyPid();
    const lost = await stage.run.describe();
    // On a busy machine an earlier one may have been given up already.
    const attempt = lost.raw.pendingActivities?.[0]?.attempt;
    const killedMs = performance.now();
    await stage.stopWorker("SIGKILL");
    // What `status` says before Temporal or another worker knows.
    const ended = await until("its end is seen", () => endedProcess(stage.dir, "fake"));
    expect(ended.pid).toBe(pid);
    // As the next worker does first; without it the server waits for the heartbeat timeout.
    await release();
    const releasedMs = performance.now() - killedMs;
    context.skip(BEATS_LAST_MS < releasedMs, "the machine stood still until the attempt timed out");
    expect(readHolds(runFolder())).toEqual([]);
    expect(await attemptsOf(lost.runId)).toEqual([attempt]);
    writeHold(runFolder(), { ...keptByDead(), service: "gone" });
    stage.startWorker();
    await until("it has looked at what the dead one held", () =>
      readHolds(runFolder()).every(({ service }) => service !== "gone"),
    );
    const status = await stage.statusWhere(
      "another life",
      (now) => now.word === "Healthy" && now.pid !== pid,
    );
    expect(status).toMatchObject({ life: 2, restarts_in_window: 1 });
    expect(status.last_end).toMatchObject({ kind: "lost", pid });
  });

  test("that is asked to end stops its service and exits 0; the next one goes on in the same run", async () => {
    const pid = await healthyPid();
    const { runId } = await stage.run.describe();
    expect(await stage.stopWorker("SIGTERM")).toBe(0);
    expect(isProcessAlive(pid, null)).toBe(false);
    stage.startWorker();
    const status = await stage.statusWhere(
      "another process",
      (now) => now.word === "Healthy" && now.pid !== pid,
    );
    expect(status).toMatchObject({ life: 2, restarts_in_window: 0 });
    expect((await stage.run.describe()).runId).toBe(runId);
  });

  test("frozen until its attempt is given up finds its service again and doubles nothing", async () => {
    const pid = await healthyPid();
    const [hold] = await until("noted", () => asSome(readHolds(runFolder())));
    stage.worker()?.kill("SIGSTOP");
    await release();
    expect(readHolds(runFolder())).toEqual([hold]);
    await until("the server wants another attempt", async () => {
      const { raw } = await stage.run.describe();
      return 1 < (raw.pendingActivities?.[0]?.attempt ?? 0);
    });
    stage.worker()?.kill("SIGCONT");
    await stage.untilHeard();
    await healthyWith(pid);
    // Whoever still has the first attempt's token can't end the one that holds it now.
    await expect(failAttempt(stage.temporal, hold?.token ?? "")).rejects.toThrow(
      ActivityNotFoundError,
    );
    expect(stage.alive()).toEqual([pid]);
    expect(await stage.status()).toMatchObject({ pid, life: 1, restarts_in_window: 0 });
  });
});

describe("Temporal", () => {
  test("away for longer than a heartbeat may lack: the service goes on and is adopted, not doubled", async () => {
    const pid = await healthyPid();
    await stage.killTemporal();
    await delay(10_000);
    expect(stage.alive()).toEqual([pid]);
    await stage.restartTemporal();
    await stage.untilHeard();
    await healthyWith(pid);
    // Nor does what looks into orphans take it for one.
    await delay(17_000);
    expect(stage.alive()).toEqual([pid]);
    expect(await stage.status()).toMatchObject({ pid, life: 1, restarts_in_window: 0 });
    sendSignal(pid, "SIGKILL");
    await stage.statusWhere("restarted", (now) => now.word === "Healthy" && now.pid !== pid);
  });

  test("away while the service dies: it is restarted in place and counted once Temporal is back", async () => {
    const pid = await healthyPid();
    await stage.killTemporal();
    sendSignal(pid, "SIGKILL");
    const local = await until("restarted in place", () => stage.alive().find((one) => one !== pid));
    await stage.restartTemporal();
    const status = await healthyWith(local);
    expect(status).toMatchObject({ life: 2, restarts_in_window: 1 });
    await stage.stop();
    const ended = await stage.run.result();
    expect(ended).toMatchObject({ kind: "stopped", life: 2, local_lives: [{ life: 1, pid }] });
  });

  test("away while the service is fenced: it is not restarted in place, and held when Temporal is back", async () => {
    const pid = await healthyPid();
    await stage.killTemporal();
    stage.behave({ exit: 76 });
    await until("fenced", () => !isProcessAlive(pid, null));
    stage.behave({});
    await delay(3_000);
    expect(stage.alive()).toEqual([]);
    await stage.restartTemporal();
    const fenced = await stage.statusWhere("held", (now) => now.word === "Fenced");
    expect(fenced.restarts_in_window).toBe(0);
  });

  test("away for a moment: nothing happens at all", async () => {
    const pid = await healthyPid();
    await stage.killTemporal();
    await stage.restartTemporal();
    await stage.untilHeard();
    await healthyWith(pid);
    expect(stage.alive()).toEqual([pid]);
  });

  test("not there when the worker starts: it waits, and starts nothing before", async () => {
    await healthyPid();
    await stage.stopWorker("SIGTERM");
    await stage.killTemporal();
    const before = stage.starts().length;
    stage.startWorker();
    await delay(4_000);
    expect(stage.starts()).toHaveLength(before);
    expect(stage.worker()?.exitCode).toBeNull();
    await stage.restartTemporal();
    await stage.statusWhere("up", (now) => now.word === "Healthy" && now.pid !== null);
  });
});

describe("a supervisor that is lost is created again, and its run adopts the process", () => {
  test("with Temporal's database", async () => {
    const pid = await healthyPid();
    await stage.forgetTemporal();
    await stage.untilHeard();
    await healthyWith(pid);
    expect(stage.alive()).toEqual([pid]);
    expect(stage.starts()).toHaveLength(1);
    sendSignal(pid, "SIGKILL");
    await stage.statusWhere("restarted", (now) => now.word === "Healthy" && now.pid !== pid);
  });

  test("when it is deleted, though the service dies before it is back", async () => {
    const pid = await healthyPid();
    await stage.temporal.client.workflowService.deleteWorkflowExecution({
      namespace: stage.temporal.address.namespace,
      workflowExecution: { workflowId: "supervise-fake" },
    });
    sendSignal(pid, "SIGKILL");
    const status = await stage.statusWhere(
      "started again",
      (now) => now.word === "Healthy" && now.pid !== pid,
    );
    expect(status.life).toBe(2);
  });

  test("when it and its run are terminated", async () => {
    const pid = await healthyPid();
    await stage.supervisor.executeUpdate("setMode", { args: ["monitor-only"] });
    await until("remembered", async () => {
      const { memo } = await stage.supervisor.describe();
      return JSON.stringify(memo).includes("monitor-only");
    });
    await stage.supervisor.terminate("by hand");
    await stage.run.terminate("by hand");
    const status = await healthyWith(pid);
    expect(status.mode).toBe("monitor-only");
    expect(stage.starts()).toHaveLength(1);
  });
});

test("a service that no run holds ends with its supervisor's cancellation", async () => {
  const pid = await healthyPid();
  await stage.supervisor.cancel();
  await until("stopped", () => !isProcessAlive(pid, null));
  await until("closed", async () => {
    return (await stage.supervisor.describe()).status.name === "CANCELLED";
  });
  await delay(2 * POLL_EVERY_MS);
  expect((await stage.supervisor.describe()).status.name).toBe("CANCELLED");
});
