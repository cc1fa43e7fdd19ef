/**
 * Writes the saved histories anew, from real runs on a real server: `node test/replay/save-histories.ts`.
 * Only for a deliberate change of a workflow that is not in production yet; else it needs `patched`.
 */
import { sendSignal } from "../helpers/processes.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { saveHistory } from "./save-history.ts";

const POLICY = "supervision: { restarts_max: 1, delays_s: [0], fatal_retry_s: 300, news_s: 3 }";

const stage = await openStage("histories", POLICY);
const { workflow } = stage.temporal.client;
const runIds: string[] = [];
const noteRun = async (): Promise<void> => {
  const { runId } = await stage.run.describe();
  if (!runIds.includes(runId)) runIds.push(runId);
};
const newPid = (pid: number | null) =>
  stage.statusWhere("another process", (now) => now.word === "Healthy" && now.pid !== pid);

stage.startWorker();
await stage.supervise({ history_max: 60 });
const first = await newPid(null);
await noteRun();
sendSignal(first.pid, "SIGKILL");
const second = await newPid(first.pid);
await noteRun();
await stage.run.cancel();
const third = await newPid(second.pid);
await noteRun();
sendSignal(third.pid, "SIGKILL");
await stage.statusWhere("FATAL", (now) => now.word === "FATAL");
await stage.supervisor.executeUpdate("setMode", { args: ["monitor-only"] });
await stage.start();
await noteRun();
await stage.restart();
await noteRun();
const firstRun = (await workflow.getHandle("supervise-fake").describe()).raw.workflowExecutionInfo;
await stage.stop();
await until("continued as new", async () => {
  const { raw } = await stage.supervisor.describe();
  return raw.workflowExecutionInfo?.firstRunId !== raw.workflowExecutionInfo?.execution?.runId;
});
await stage.start();
await noteRun();
await stage.supervisor.cancel();
await until("closed", async () => (await stage.supervisor.describe()).status.name === "CANCELLED");

const supervisors: string[] = [];
for (let runId = firstRun?.firstRunId ?? ""; runId !== "";) {
  supervisors.push(runId);
  const history = await workflow.getHandle("supervise-fake", runId).fetchHistory();
  runId =
    history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? "";
}
for (const [workflowId, ids] of [
  ["supervise-fake", supervisors],
  ["run-fake", runIds],
] as const) {
  for (const [index, runId] of ids.entries()) {
    saveHistory(workflowId, runId, { address: stage.address, number: index + 1 });
  }
}
await stage.close();
process.exit(0);
