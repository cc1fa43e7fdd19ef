/**
 * Writes the saved histories of the mirror of an incident anew, from real runs on a real server:
 * `node test/replay/save-alert-histories.ts`. The same caution as in save-histories.ts.
 */
import { type AlertView, acknowledgeUpdate } from "../../src/workflows/messages/alerts.ts";
import { ALERT, alertIdOf, taskQueueOf } from "../../src/workflows/names.ts";
import { standWatchdog } from "../helpers/incidents/standing-watchdog.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { saveHistory } from "./save-history.ts";

const stage = await openStage("alert-histories");
const watchdog = await standWatchdog(stage.dir);
const id = alertIdOf("probe", "x");
const { address, temporal } = stage;
const handle = temporal.client.workflow.getHandle(id);
const shown = (what: string, check: (view: AlertView, status: string) => boolean) =>
  until(what, async () => {
    const { memo, status } = await handle.describe();
    // oxlint-disable-next-line no-unsafe-type-assertion -- what the mirror puts there
    const view = memo?.["status"] as AlertView | undefined;
    return view !== undefined && check(view, status.name);
  });
const acknowledge = (raw: unknown) =>
  handle.executeUpdate(acknowledgeUpdate, { args: [raw] }).catch(() => undefined);

// Shown, refused, nonsense, acknowledged, resolved; it goes on in another run on the way.
stage.startWorker();
const options = { workflowId: id, taskQueue: taskQueueOf("health") };
const { firstExecutionRunId } = await temporal.client.workflow.start(ALERT, {
  ...options,
  args: [{ history_max: 12 }],
});
await acknowledge({ by: "too early" });
watchdog.poll({ "x.on": true });
await shown("it fires", ({ state }) => state === "firing");
await handle.signal("incident", "nonsense");
await acknowledge({ nonsense: 1 });
// One that meets the change of runs is asked again, as whoever asks would.
await until("it is acknowledged", async () => {
  await acknowledge({ by: "ana" });
  return watchdog.incidents.open()[0]?.state === "acknowledged";
});
await shown("that is shown", ({ state }) => state === "acknowledged");
watchdog.poll({ "x.on": false });
watchdog.poll({ "x.on": false });
await shown("it is over", ({ state }, status) => state === "resolved" && status === "COMPLETED");
saveHistory(id, firstExecutionRunId, { address, number: 1 });
saveHistory(id, "", { address, number: 2 });
watchdog.close();
await stage.close();
process.exit(0);
