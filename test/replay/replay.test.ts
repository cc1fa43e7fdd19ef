/** Saved histories of real runs replay on today's workflows; a change that would not is found here. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { beforeAll, describe, expect, test } from "vitest";
import { loadWorkflowBundle } from "../../src/workers/workflow-bundle.ts";

const FOLDER = join(import.meta.dirname, "histories");
const REPLAY_MS_MAX = 60_000;
const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
let code = "";

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  ({ code } = await loadWorkflowBundle());
}, REPLAY_MS_MAX);

function read(file: string): string {
  return readFileSync(join(FOLDER, file), "utf8");
}

describe("the workflow bundle", () => {
  test("holds the workflows and nothing of Node", () => {
    expect(code).toContain("superviseService");
    expect(code).toContain("serviceRun");
    expect(code).not.toMatch(/require\("node:/);
  });
});

describe("saved histories", () => {
  test("tell of every workflow, of continue-as-new, and of what an operator does", () => {
    const all = files.map(read).join("");
    const wanted = [
      '"superviseService"',
      '"serviceRun"',
      "workflowExecutionContinuedAsNewEventAttributes",
      "workflowExecutionUpdateAcceptedEventAttributes",
      "workflowExecutionCanceledEventAttributes",
    ];
    expect(wanted.filter((what) => !all.includes(what))).toEqual([]);
  });

  test.each(files)(
    "%s",
    async (file) => {
      const history: unknown = JSON.parse(read(file));
      const workflowId = file.replace(/-\d+\.json$/, "");
      await expect(
        Worker.runReplayHistory({ workflowBundle: { code } }, history, workflowId),
      ).resolves.toBeUndefined();
    },
    REPLAY_MS_MAX,
  );
});
