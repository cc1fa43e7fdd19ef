/** The workers of a process share one thread for their workflows, and end it with the last of them. */
import { readdirSync, readFileSync } from "node:fs";
import { parseWorkflowCode } from "@temporalio/worker/lib/worker.js";
import { compileWorkerOptions } from "@temporalio/worker/lib/worker-options.js";
import { noopMetricMeter } from "@temporalio/common";
import { DefaultLogger } from "@temporalio/worker";
import { expect, test } from "vitest";
import { workersOfOneThread } from "../../src/workers/layer-worker.ts";
import { loadWorkflowBundle } from "../../src/workers/workflow-bundle.ts";
import { until } from "../helpers/processes.ts";

/** Of Node's worker threads, as the kernel names them. */
function threads(): readonly string[] {
  return readdirSync("/proc/self/task").filter((id) => nameOf(id) === "WorkerThread");
}

function nameOf(id: string): string {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

test("a second layer takes no second thread, and the last one ends it", async () => {
  const code = await loadWorkflowBundle(() => undefined);
  const bundle = parseWorkflowCode(code);
  const logger = new DefaultLogger("ERROR");
  const options = compileWorkerOptions(
    { taskQueue: "q", activities: {}, workflowBundle: { code } },
    logger,
    noopMetricMeter,
  );
  class Opened extends workersOfOneThread() {
    static open = () => this.createWorkflowCreator(bundle, options, logger);
  }
  // Those of other tests in this process may end meanwhile.
  const others = threads();
  const own = () => threads().filter((id) => !others.includes(id));
  const first = await Opened.open();
  expect(own()).toHaveLength(1);
  const second = await Opened.open();
  expect(own()).toHaveLength(1);
  await first.destroy();
  expect(own()).toHaveLength(1);
  await second.destroy();
  await until(() => own().length === 0, { ms: 20_000, tell: () => own().join() });
});
