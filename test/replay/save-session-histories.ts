/**
 * Writes the saved histories of the sessions anew, from real runs on real servers:
 * `node test/replay/save-session-histories.ts`. The same caution as in save-histories.ts.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pnlQuery, tradesSignal } from "../../src/workflows/messages/trading.ts";
import { sessionIdOf } from "../../src/workflows/names.ts";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import { until } from "../helpers/until.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { LIVELY } from "../helpers/trader.ts";
import { startUp } from "../helpers/up.ts";
import { openSessionStage } from "../helpers/trading/session-stage.ts";
import { saveHistory } from "./save-history.ts";
import { sendSignal } from "../helpers/processes.ts";

const PAST = sessionIdOf("BLUE", "2026-01-02");
const UNSETTLED = sessionIdOf("BLUE", "2026-01-03");

/** Told more than a history holds before any worker served it. */
const EARLY = sessionIdOf("GREEN", "2999-01-01");

const stage = await openSessionStage("session-histories");
const { workflow } = stage.temporal.client;
const early = await workflow.start("tradeSession", {
  workflowId: EARLY,
  taskQueue: "dolphin-trader",
  args: [{ history_max: 20 }],
});
for (let at = 1; at <= 20; at += 1) {
  await early.signal(tradesSignal, { from: at, to: at, trades: [], view: null });
}
await stage.startWorker("trader", "batch");
const session = await workflow.start("tradeSession", {
  workflowId: sessionIdOf("BLUE", stage.today),
  taskQueue: "dolphin-trader",
  args: [{ history_max: 40 }],
});
await stage.feeder.push(60);
await stage.trader().decided(60);
await stage.untilAllSent("trades");
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
await until("the early one continued as new", async () => {
  const { runId } = await workflow.getHandle(EARLY).describe();
  return runId !== early.firstExecutionRunId;
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

const { address } = stage;
saveHistory(session.workflowId, firstExecutionRunId, { address, number: 1 });
saveHistory(session.workflowId, (await handle.describe()).runId, { address, number: 2 });
saveHistory(EARLY, early.firstExecutionRunId, { address, number: 1 });
saveHistory(PAST, "", { address, number: 1 });
saveHistory(UNSETTLED, "", { address, number: 1 });

// Paper days that fail: no bridge, and no journal of the day.
const failing = [
  ["paper-no-bridge", { bridge_wait_s: 5 }],
  ["paper-past-day", { day: "2026-01-04", settle_wait_s: 5 }],
] as const;
for (const [workflowId, input] of failing) {
  const options = { workflowId, taskQueue: "dolphin-batch", args: [input] };
  await workflow.execute("paperTrade", options).catch(() => undefined);
  saveHistory(workflowId, "", { address, number: 1 });
}
await handle.terminate("saved");
await workflow.getHandle(EARLY).terminate("saved");
await stage.close();

// And one that goes well, under all that it needs.
const parent = makeTemporaryDirectory("paper-history");
const demo = { trader: LIVELY, simulator: { rate: 10, assets: 20 } };
writeFileSync(join(parent, "dolphin.yaml"), JSON.stringify(demo));
const up = startUp(join(parent, "data"), ["--demo", "--ports", "auto"]);
const file = await up.untilUp();
const temporal = connectTemporal(file.temporal);
await temporal.client.workflow.execute("paperTrade", {
  workflowId: "paper-whole-day",
  taskQueue: "dolphin-batch",
  args: [{ run_s: 10 }],
});
saveHistory("paper-whole-day", "", { address: file.temporal, number: 1 });
await temporal.close();
sendSignal(up.pid, "SIGTERM");
await up.ended;
removeTemporaryDirectory(parent);
process.exit(0);
