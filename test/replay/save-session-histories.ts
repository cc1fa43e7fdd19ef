/**
 * Writes the saved histories of the sessions anew, from real runs on real servers:
 * `node test/replay/save-session-histories.ts`. The same caution as in save-histories.ts.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { pnlQuery, tradesSignal } from "../../src/workflows/messages.ts";
import { sessionIdOf } from "../../src/workflows/names.ts";
import { until } from "../helpers/bridge.ts";
import { openSessionStage } from "../helpers/trading/session-stage.ts";

const FOLDER = join(import.meta.dirname, "histories");
const PAST = sessionIdOf("BLUE", "2026-01-02");
const UNSETTLED = sessionIdOf("BLUE", "2026-01-03");

const stage = await openSessionStage("session-histories");
const { workflow } = stage.temporal.client;
await stage.startWorker("trader", "batch");
const session = await workflow.start("tradeSession", {
  workflowId: sessionIdOf("BLUE", stage.today),
  taskQueue: "dolphin-trader",
  args: [{ history_max: 40 }],
});
await stage.feeder.push(60);
await stage.trader().decided(60);
await stage.told("trades");
const handle = workflow.getHandle(session.workflowId);
await handle.executeUpdate("halt", { args: [{}] });
await handle.executeUpdate("resume", { args: [{}] });
await handle
  .executeUpdate("enter", { args: [{ asset: "NONE", direction: "long" }] })
  .catch(() => undefined);
await handle.signal(tradesSignal, { from: 900_000, to: 900_001, trades: [], view: null });
await handle.executeUpdate("settle", { args: [{}] });
const { firstExecutionRunId } = session;
await until("continued as new", async () => {
  await handle.executeUpdate("settle", { args: [{}] });
  return (await handle.describe()).runId !== firstExecutionRunId;
});
await (
  await workflow.start("tradeSession", { workflowId: PAST, taskQueue: "dolphin-trader" })
).result();
await stage.stopTrader();
const late = await workflow.start("tradeSession", {
  workflowId: UNSETTLED,
  taskQueue: "dolphin-trader",
});
await until("unsettled", async () => (await late.query(pnlQuery)).status === "unsettled");
await stage.startTrader();
await late.executeUpdate("settle", { args: [{}] });
await late.result();

const saved = [
  [session.workflowId, firstExecutionRunId, 1],
  [session.workflowId, (await handle.describe()).runId, 2],
  [PAST, "", 1],
  [UNSETTLED, "", 1],
] as const;
for (const [workflowId, runId, number] of saved) {
  const show = ["workflow", "show", "--workflow-id", workflowId, "--output", "json"];
  const run = runId === "" ? [] : ["--run-id", runId];
  const history = execFileSync(findToolchain().temporal, [
    ...show,
    ...run,
    "--address",
    stage.address,
  ]);
  const file = join(FOLDER, `${workflowId}-${number}.json`);
  writeFileSync(file, `${JSON.stringify(JSON.parse(history.toString()))}\n`);
  process.stdout.write(`${file}\n`);
}
await handle.terminate("saved");
await stage.close();
process.exit(0);
