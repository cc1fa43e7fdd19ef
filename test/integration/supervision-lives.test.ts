/** A supervised process dies, hangs, leaks memory, is stopped: the reaction of supervision. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { readLives } from "../../src/operations/why/read-lives.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import type { Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { sendSignal } from "../helpers/processes.ts";

const POLICY = `supervision: { restarts_max: 1000, window_s: 86400, delays_s: [0], health_check_s: 1, news_s: 5 }`;
let stage: Stage;

/** Life and budget go on counting through the tests, as they do for an operator. */
async function superviseHealthy() {
  await stage.supervise();
  const status = await stage.statusWhere(
    "healthy",
    (now) => now.word === "Healthy" && now.pid !== null,
  );
  const pid = status.pid ?? 0;
  expect(stage.alive()).toEqual([pid]);
  return { pid, life: status.life, restarts: status.restarts_in_window };
}

/** The status once another process than `pid` is healthy. */
function healthyAfter(pid: number) {
  return stage.statusWhere(
    "another process is healthy",
    (now) => now.word === "Healthy" && now.pid !== pid,
  );
}

/** The list of runs follows what happened by a moment. */
async function expectExplained(ended: { readonly life: number; readonly pid: number }) {
  const asked = { service: "fake", dataDir: stage.dir, untilMs: null, count: 2 };
  const lives = await until("its end is listed", async () => {
    const found = await readLives(stage.temporal, asked);
    return found.ends[0]?.life === ended.life ? found : null;
  });
  expect(lives.readFrom).toBe("the results of run-fake in Temporal");
  expect(lives.status).toMatchObject({ intent: "running", mode: "auto" });
  const [end] = lives.ends;
  expect(end?.record).toMatchObject({ kind: "exited", signal: "SIGKILL", pid: ended.pid });
  expect(end?.nextBeganAt).toBe(lives.present?.started_at);
}

beforeAll(async () => {
  stage = await openStage("lives", POLICY);
  stage.startWorker();
});
afterAll(() => stage.close());
beforeEach(() => stage.behave({}));
afterEach(() => {
  stage.behave({});
  return stage.clear();
});

describe("a supervised service", () => {
  test("is started again after kill -9, and the life's record says how it ended", async () => {
    const { pid, life, restarts } = await superviseHealthy();
    sendSignal(pid, "SIGKILL");
    const status = await healthyAfter(pid);
    expect(status).toMatchObject({
      life: life + 1,
      restarts_in_window: restarts + 1,
      cause: "none",
    });
    expect(status.last_end).toMatchObject({ kind: "exited", signal: "SIGKILL", life, pid });
    expect(status.last_end?.last_log.some((line) => line.startsWith("beat "))).toBe(true);
    const file: unknown = JSON.parse(readFileSync(join(stage.dir, "run", "fake.json"), "utf8"));
    expect(file).toMatchObject({ service: "fake", pid: status.pid, life: life + 1 });
    await expectExplained({ life, pid });
  });

  test("that freezes is killed after ten silent seconds and replaced", async () => {
    const { pid } = await superviseHealthy();
    const frozenMs = Date.now();
    sendSignal(pid, "SIGSTOP");
    const status = await healthyAfter(pid);
    expect(Date.now() - frozenMs).toBeGreaterThan(9_500);
    expect(status.last_end).toMatchObject({ kind: "frozen", signal: "SIGKILL" });
  });

  test("whose main thread spins is killed like a frozen one", async () => {
    const { pid } = await superviseHealthy();
    stage.behave({ stallMs: 60_000 });
    await until("killed", () => !isProcessAlive(pid, null));
    stage.behave({});
    expect((await healthyAfter(pid)).last_end).toMatchObject({ kind: "frozen" });
  });

  test("over its memory limit is recycled gracefully", async () => {
    const { pid } = await superviseHealthy();
    stage.behave({ memoryMb: 300 });
    await until("recycled", () => !isProcessAlive(pid, null));
    stage.behave({});
    const status = await healthyAfter(pid);
    expect(status.last_end).toMatchObject({ kind: "memory", exit_code: 0 });
    expect(status.last_end?.why).toMatch(/memory \d+ MB is over the limit of 250 MB/);
  });

  test("over its memory limit is only reported in monitor-only mode", async () => {
    const { pid } = await superviseHealthy();
    const mode = await stage.supervisor.executeUpdate("setMode", { args: ["monitor-only"] });
    expect(mode).toMatchObject({ mode: "monitor-only" });
    stage.behave({ memoryMb: 300 });
    await stage.statusWhere("reported", (now) => now.word === "Error" && now.cause === "process");
    const checked = Date.now();
    await until("two more health checks", () => checked + 2_500 < Date.now());
    expect(stage.alive()).toEqual([pid]);
    sendSignal(pid, "SIGKILL");
    stage.behave({});
    // Its run says Down first, and the supervisor when the next try would be.
    const left = await stage.statusWhere(
      "down, and left so",
      ({ word, next_try_at }) => word === "Down" && next_try_at !== null,
    );
    expect(left.reason).toContain("monitor-only: would be started again at");
    await stage.supervisor.executeUpdate("setMode", { args: [{ mode: "auto" }] });
    await healthyAfter(pid);
  });

  test.each([
    [76, "Fenced", "fenced"],
    [78, "Error", "misconfigured"],
  ])("that exits with %i is held as %s until an operator starts it", async (exit, word, kind) => {
    const { life, restarts } = await superviseHealthy();
    stage.behave({ exit });
    // Its run says the word first, and the supervisor how the life ended.
    const status = await stage.statusWhere(
      word,
      (now) => now.word === word && now.last_end?.life === life,
    );
    expect(status).toMatchObject({
      intent: "running",
      restarts_in_window: restarts,
      next_try_at: null,
    });
    expect(status.last_end).toMatchObject({ kind, exit_code: exit });
    expect(status.last_end?.last_log.at(-1)).toBe(`fake service: told to exit with ${exit}`);
    stage.behave({});
    const started = await stage.start();
    expect(started).toMatchObject({ restarts_in_window: restarts, life: life + 1 });
    expect(started.pid).not.toBeNull();
  });

  test("is stopped, started and restarted by updates that cost no budget and may be repeated", async () => {
    const { pid, life, restarts } = await superviseHealthy();
    expect(await stage.start()).toMatchObject({ pid, life });
    const stopped = await stage.stop();
    expect(stopped).toMatchObject({ word: "Stopped", intent: "stopped", pid: null });
    expect(stopped.last_end).toMatchObject({ kind: "stopped", exit_code: 0 });
    expect(stage.alive()).toEqual([]);
    expect(existsSync(join(stage.dir, "run", "fake.json"))).toBe(false);
    expect(await stage.stop()).toMatchObject({ word: "Stopped", life });
    expect(await stage.start()).toMatchObject({ life: life + 1, intent: "running" });
    const again = await stage.restart();
    expect(again).toMatchObject({ life: life + 2, restarts_in_window: restarts });
    expect(again.pid).not.toBe(pid);
    expect(stage.alive()).toEqual([again.pid]);
  });

  test("that ignores SIGTERM is killed with its grandchildren, and nothing is left", async () => {
    stage.behave({ ignoresTerm: true, grandchild: true });
    const { pid } = await superviseHealthy();
    const grandchild = Number(readFileSync(join(stage.dir, "grandchildren"), "utf8").trim());
    expect(isProcessAlive(grandchild, null)).toBe(true);
    const stopped = await stage.stop();
    expect(stopped.last_end).toMatchObject({ kind: "stopped", signal: "SIGKILL" });
    await until("the group is gone", () => {
      return !isProcessAlive(grandchild, null) && !isProcessAlive(pid, null);
    });
  });

  test("whose leader is killed loses its grandchildren too", async () => {
    stage.behave({ grandchild: true });
    const { pid } = await superviseHealthy();
    const file = join(stage.dir, "grandchildren");
    const grandchild = Number(readFileSync(file, "utf8").trim().split("\n").at(-1));
    stage.behave({});
    sendSignal(pid, "SIGKILL");
    await until("no orphan is left", () => !isProcessAlive(grandchild, null));
    expect((await healthyAfter(pid)).last_end).toMatchObject({ kind: "exited" });
  });
});

describe("from outside", () => {
  test("a cancelled run stops its process, closes as cancelled, and the next life follows", async () => {
    const { pid, life, restarts } = await superviseHealthy();
    const runId = (await stage.run.describe()).runId;
    await stage.temporal.client.workflow.getHandle("run-fake", runId).cancel();
    const status = await healthyAfter(pid);
    expect(status).toMatchObject({ life: life + 1, restarts_in_window: restarts });
    const closed = await stage.temporal.client.workflow.getHandle("run-fake", runId).describe();
    expect(closed.status.name).toBe("CANCELLED");
    expect(closed.memo?.["record"]).toMatchObject({ kind: "stopped", pid });
  });

  test("the process of a terminated run is adopted by the next, not doubled", async () => {
    const { pid, life, restarts } = await superviseHealthy();
    const { runId } = await stage.run.describe();
    await stage.run.terminate("by hand");
    const status = await stage.statusWhere(
      "adopted",
      (now) => now.pid === pid && now.life === life + 1,
    );
    expect(status.restarts_in_window).toBe(restarts);
    expect((await stage.run.describe()).runId).not.toBe(runId);
    expect(stage.alive()).toEqual([pid]);
  });

  test("a terminated supervisor leaves the service alone; a new one adopts it", async () => {
    const { pid, life, restarts } = await superviseHealthy();
    await stage.supervisor.terminate("by hand");
    await stage.supervise();
    await stage.statusWhere("adopted", (now) => now.pid === pid && now.word === "Healthy");
    expect(stage.alive()).toEqual([pid]);
    sendSignal(pid, "SIGKILL");
    expect(await healthyAfter(pid)).toMatchObject({
      life: life + 1,
      restarts_in_window: restarts + 1,
    });
  });
});
