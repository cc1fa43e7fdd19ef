/** The restart budget, continue-as-new, and servers without our search attributes. */
import { afterEach, describe, expect, test } from "vitest";
import { addSearchAttributes, hasSearchAttributes } from "../../src/adapters/temporal-client.ts";
import { SEARCH_ATTRIBUTES } from "../../src/workflows/names.ts";
import type { ServiceStatus } from "../../src/wire/supervision.ts";
import { sendSignal } from "../helpers/processes.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import type { Stage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";

const WINDOW_MS = 600_000;
const FEW = "restarts_max: 2, window_s: 600, delays_s: [0], fatal_retry_s: 300";
const WIDE = "restarts_max: 1000, delays_s: [0]";
let stage: Stage;

/** Of a run that is over: a run that still closes says the word, too. */
const isFatal = (now: ServiceStatus) => now.word === "FATAL" && now.next_try_at !== null;

async function open(policy: string, newsS = 3): Promise<void> {
  stage = await openStage(
    "policy",
    `supervision: { ${policy}, health_check_s: 1, news_s: ${newsS} }`,
  );
  stage.startWorker();
}
afterEach(async () => {
  stage.behave({});
  try {
    await stage.clear();
  } finally {
    await stage.close();
  }
});

describe("a service that crashes at every start", () => {
  // That it is tried again, and heals, takes as long as a window: test/chaos/budget.test.ts.
  test("is FATAL when its restarts are used up, also for a new worker and a new supervisor", async () => {
    await open(FEW);
    stage.behave({ exit: 1 });
    await stage.supervise();
    const before = await stage.statusWhere("FATAL", isFatal);
    expect(before.reason).toMatch(/exit code 1 after .*the restarts are used up; next try at/);
    expect(before.last_end).toMatchObject({ kind: "failed_start", exit_code: 1 });
    expect(stage.starts()).toHaveLength(3);
    const [first = ""] = before.restart_times;
    expect(Date.parse(before.next_try_at ?? "")).toBe(Date.parse(first) + WINDOW_MS);
    await stage.supervisor.terminate("by hand");
    await stage.stopWorker("SIGKILL");
    stage.startWorker();
    await stage.supervise();
    const again = await stage.statusWhere("FATAL again", isFatal);
    // The new supervisor's own first start was asked for by its operator.
    expect(stage.starts()).toHaveLength(4);
    expect(again.restart_times).toEqual(before.restart_times);
  });

  test("is started by an operator at once, at no cost", async () => {
    await open("restarts_max: 1, window_s: 600, delays_s: [0], fatal_retry_s: 300");
    stage.behave({ exit: 1, exitsUntilStart: 3 });
    await stage.supervise();
    const fatal = await stage.statusWhere("FATAL", isFatal);
    expect(stage.starts()).toHaveLength(2);
    const started = await stage.start();
    expect(started).toMatchObject({ restart_times: fatal.restart_times });
    await stage.statusWhere("healthy", (now) => now.word === "Healthy");
  });
});

describe("continue-as-new", () => {
  test("adopts the run, and still notices its end", async () => {
    // It does not poll for that long: only a signal can reach it.
    await open(WIDE, 600);
    await stage.supervise({ history_max: 25 });
    const firstRun = (await stage.supervisor.describe()).runId;
    const { pid } = await stage.statusWhere("healthy", (now) => now.word === "Healthy");
    const secondRun = await until("continued as new", async () => {
      const { runId } = await stage.supervisor.describe();
      return runId === firstRun ? null : runId;
    });
    expect(await stage.status()).toMatchObject({ pid, life: 1 });
    sendSignal(pid, "SIGKILL");
    const status = await stage.statusWhere("restarted", (now) => now.life === 2);
    expect(status.last_end).toMatchObject({ kind: "exited", signal: "SIGKILL" });
    await stage.stop();
    await stage.start();
    expect(secondRun).not.toBe(firstRun);
  });

  test("finds an end that nobody reported", async () => {
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

test("a run that is deleted is missed at once, and its process adopted", async () => {
  await open(WIDE, 600);
  await stage.supervise();
  const { pid } = await stage.statusWhere("healthy", (now) => now.word === "Healthy");
  const { runId } = await stage.run.describe();
  await stage.temporal.client.workflowService.deleteWorkflowExecution({
    namespace: stage.temporal.address.namespace,
    workflowExecution: { workflowId: "run-fake", runId },
  });
  await stage.statusWhere("adopted", (now) => now.pid === pid && now.life === 2);
  expect(stage.alive()).toEqual([pid]);
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
