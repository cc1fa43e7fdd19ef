/** Saved histories of real runs replay on today's workflows; an incompatible change is found here. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, test } from "vitest";
import { loadWorkflowBundle } from "../../src/workers/workflow-bundle.ts";

const FOLDER = join(import.meta.dirname, "histories");
const INDEX = join(import.meta.dirname, "..", "..", "src", "workflows", "index.ts");
const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
let code = "";

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  code = await loadWorkflowBundle(() => undefined);
});

function read(file: string): string {
  return readFileSync(join(FOLDER, file), "utf8");
}

describe("the workflow bundle", () => {
  test("holds the workflows and nothing of Node", () => {
    expect(code).toContain("superviseService");
    expect(code).toContain("serviceRun");
    expect(code).toContain("tradeSession");
    expect(code).toContain("paperTrade");
    expect(code).not.toMatch(/require\("node:/);
  });
});

describe("saved histories", () => {
  test("cover every workflow, continue-as-new, and what an operator does", () => {
    const all = files.map(read).join("");
    // As the workers register them: a new workflow without a history would be changed unseen.
    const names = [...readFileSync(INDEX, "utf8").matchAll(/export \{ (\w+) \}/g)];
    expect(names.length).toBeGreaterThan(10);
    const wanted = [
      ...names.map(([, name]) => `"${name}"`),
      "workflowExecutionContinuedAsNewEventAttributes",
      "workflowExecutionUpdateAcceptedEventAttributes",
      "workflowExecutionCanceledEventAttributes",
    ];
    expect(wanted.filter((what) => !all.includes(what))).toEqual([]);
  });

  test.each(files)("%s", (file) => checkReplay(file, (history) => history));

  test.each(["supervise-fake-1.json", "trades-BLUE-2026-01-02-1.json"])(
    "%s of code that decided otherwise is found",
    async (file) => {
      await expect(checkReplay(file, withOtherCommand)).rejects.toThrow(
        "DeterminismViolationError",
      );
    },
  );

  // A query that reaches a new worker before its first task has the SDK run ahead with the time of
  // an older one: what was decided then must be decided again, whatever the time is said to be.
  test.each(files)("%s, at whatever time it is said to be", async (file) => {
    await checkReplay(file, (history) => withTaskTimes(history, () => "2026-01-01T00:00:00Z"));
    await checkReplay(file, (history) =>
      withTaskTimes(history, (n) => new Date(Date.UTC(2026, 0, 1) + n * 3_600_000).toISOString()),
    );
  });
});

type History = { events: { eventType: string; eventTime: string }[] };

async function checkReplay(file: string, change: (history: History) => History): Promise<void> {
  const history = change(JSON.parse(read(file)));
  const workflowId = file.replace(/-\d+\.json$/, "");
  await expect(
    Worker.runReplayHistory({ workflowBundle: { code } }, history, workflowId),
  ).resolves.toBeUndefined();
}

/** The same history, of code that asked for another activity or child. */
function withOtherCommand(history: History): History {
  return JSON.parse(
    JSON.stringify(history).replaceAll(/"name":"(describeBook|serviceRun)"/g, '"name":"another"'),
  );
}

/** The same history with other times of its workflow tasks: what `Date.now()` tells. */
function withTaskTimes(history: History, timeOf: (task: number) => string): History {
  let task = 0;
  const events = history.events.map((event) =>
    event.eventType === "EVENT_TYPE_WORKFLOW_TASK_STARTED"
      ? { ...event, eventTime: timeOf((task += 1)) }
      : event,
  );
  return { ...history, events };
}
