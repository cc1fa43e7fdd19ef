/** The budget of restarts, continue-as-new, and servers that know none of our search attributes. */
import { afterEach, describe, expect, test } from "vitest";
import { addSearchAttributes, hasSearchAttributes } from "../../src/adapters/temporal-client.ts";
import { SEARCH_ATTRIBUTES } from "../../src/workflows/names.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import type { Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/supervision/until.ts";

const SMALL = "restarts_max: 3, window_s: 12, delays_s: [0, 1, 2], fatal_retry_s: 6";
const WIDE = "restarts_max: 1000, delays_s: [0]";
const NODE_START_MS_MAX = 1_500;
let stage: Stage;

async function open(policy: string): Promise<void> {
  stage = await openStage("policy", `supervision: { ${policy}, health_check_s: 1, news_s: 3 }`);
  stage.startWorker();
}
afterEach(async () => {
  stage.behave({});
  await stage.clear();
  await stage.close();
});

describe("a service that crashes at every start", () => {
  test("is FATAL when its restarts are used up, tried again, and heals", async () => {
    await open(SMALL);
    stage.behave({ exit: 1 });
    await stage.supervise();
    const fatal = await stage.statusWhere("FATAL", (now) => now.word === "FATAL");
    expect(fatal.reason).toMatch(/exit code 1 after .*the restarts are used up; next try at/);
    expect(fatal.last_end).toMatchObject({ kind: "failed_start", exit_code: 1 });
    expect(stage.starts()).toHaveLength(4);
    await until("tried again", () => 5 < stage.starts().length, 60_000);
    stage.behave({});
    const healed = await stage.statusWhere("healed", (now) => now.word === "Healthy", 60_000);
    expect(healed.restarts_in_window).toBeLessThanOrEqual(3);
    checkBudget({ restartsMax: 3, windowMs: 12_000 });
  });

  test("keeps its budget when the worker is killed or a new supervisor comes in between", async () => {
    await open(SMALL);
    stage.behave({ exit: 1 });
    await stage.supervise();
    await stage.statusWhere("FATAL", (now) => now.word === "FATAL");
    await stage.supervisor.terminate("by hand");
    await stage.stopWorker("SIGKILL");
    stage.startWorker();
    await stage.supervise();
    await stage.statusWhere("FATAL again", (now) => now.word === "FATAL", 60_000);
    // The new supervisor's own first start was asked for by its operator.
    checkBudget({ restartsMax: 3 + 1, windowMs: 12_000 });
  });

  test("is started by an operator at once, at no cost", async () => {
    await open("restarts_max: 1, window_s: 600, delays_s: [0], fatal_retry_s: 300");
    stage.behave({ exit: 1, exitsUntilStart: 3 });
    await stage.supervise();
    const fatal = await stage.statusWhere("FATAL", (now) => now.word === "FATAL");
    expect(stage.starts()).toHaveLength(2);
    const started = await stage.start();
    expect(started).toMatchObject({ restart_times: fatal.restart_times });
    await stage.statusWhere("healthy", (now) => now.word === "Healthy");
  });
});

/**
 * The first start of all is no restart. A process notes its start itself, later than the
 * supervisor by as long as Node takes to come up, which varies.
 */
function checkBudget(budget: { readonly restartsMax: number; readonly windowMs: number }): void {
  const restarts = stage.starts().slice(1);
  const windowMs = budget.windowMs - NODE_START_MS_MAX;
  for (const { atMs } of restarts) {
    const within = restarts.filter((one) => atMs <= one.atMs && one.atMs < atMs + windowMs);
    expect(within.length).toBeLessThanOrEqual(budget.restartsMax);
  }
}

describe("continue-as-new", () => {
  test("adopts the run, and still hears of its end", async () => {
    await open(WIDE);
    await stage.supervise({ history_max: 25 });
    const firstRun = (await stage.supervisor.describe()).runId;
    const { pid } = await stage.statusWhere("healthy", (now) => now.word === "Healthy");
    const secondRun = await until("continued as new", async () => {
      const { runId } = await stage.supervisor.describe();
      return runId === firstRun ? null : runId;
    });
    expect(await stage.status()).toMatchObject({ pid, life: 1 });
    const killedMs = Date.now();
    process.kill(pid ?? 0, "SIGKILL");
    const status = await stage.statusWhere("restarted", (now) => now.life === 2);
    expect(Date.now() - killedMs).toBeLessThan(2_500);
    expect(status.last_end).toMatchObject({ kind: "exited", signal: "SIGKILL" });
    await stage.stop();
    await stage.start();
    expect(secondRun).not.toBe(firstRun);
  });

  test("finds an end that nobody told it", async () => {
    await open(WIDE);
    await stage.supervise({ history_max: 25 });
    const { pid } = await stage.statusWhere("healthy", (now) => now.word === "Healthy");
    const firstRun = (await stage.supervisor.describe()).runId;
    await until("continued as new", async () => {
      return (await stage.supervisor.describe()).runId !== firstRun;
    });
    await stage.run.terminate("no signal is sent then");
    await stage.statusWhere("adopted", (now) => now.pid === pid && now.life === 2);
    expect(stage.alive()).toEqual([pid]);
  });
});

describe("search attributes", () => {
  test("that the server does not know are left out, and appear once it does", async () => {
    await open(WIDE);
    await stage.temporal.connection.operatorService.removeSearchAttributes({
      namespace: "default",
      searchAttributes: [...SEARCH_ATTRIBUTES],
    });
    await until("removed", async () => !(await hasSearchAttributes(stage.temporal)));
    await stage.supervise();
    await stage.statusWhere("healthy", (now) => now.word === "Healthy");
    expect(await addSearchAttributes(stage.temporal)).toHaveLength(3);
    expect(await addSearchAttributes(stage.temporal)).toHaveLength(0);
    await until("they appear", async () => {
      const { typedSearchAttributes } = await stage.supervisor.describe();
      return SEARCH_ATTRIBUTES.every((name) => {
        return typedSearchAttributes.getAll().some((pair) => pair.key.name === name);
      });
    });
    const found = await until("found by its status", async () => {
      const query = `DolphinStatus="Healthy" AND DolphinLayer="scan"`;
      const { count } = await stage.temporal.client.workflow.count(query);
      return 0 < count ? count : null;
    });
    expect(found).toBe(1);
  });
});
