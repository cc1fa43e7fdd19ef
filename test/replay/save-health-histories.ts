/**
 * Writes the saved histories of metaHealth anew, from real runs on a real server:
 * `node test/replay/save-health-histories.ts`. The same caution as in save-histories.ts.
 */
import { metaHealthOptions } from "../../src/operations/health/meta-health/signal-transitions.ts";
import {
  readMetaHealth,
  setRecoveryMode,
} from "../../src/operations/health/meta-health/meta-health-client.ts";
import type { Root } from "../../src/domain/health/diagnose.ts";
import type { MetaHealthStatus } from "../../src/wire/health/meta-health-status.ts";
import { transitionSignal } from "../../src/workflows/messages/health.ts";
import { META_HEALTH, META_HEALTH_ID } from "../../src/workflows/names.ts";
import { diagnosed, SICK, SILENT } from "../helpers/health/diagnosed.ts";
import { speakIn } from "../helpers/health/speaking.ts";
import { openStage } from "../helpers/supervision/stage.ts";
import { until } from "../helpers/until.ts";
import { saveHistory } from "./save-history.ts";

const POLICY =
  "supervision: { restarts_max: 1000, delays_s: [0], health_check_s: 1, news_s: 3 }\n" +
  "recovery: { grace_s: 1, cool_down_s: 2 }";

const stage = await openStage("health-histories", POLICY);
const { address, temporal } = stage;
const handle = temporal.client.workflow.getHandle(META_HEALTH_ID);
const begin = (input: object) =>
  temporal.client.workflow.start(META_HEALTH, { ...metaHealthOptions(), args: [input] });
const tell = (...roots: Root[]) =>
  handle.signal(transitionSignal, { atMs: Date.now(), diagnosis: diagnosed(...roots) });
const statusWhere = (what: string, check: (status: MetaHealthStatus) => boolean) =>
  until(what, async () => {
    const status = await readMetaHealth(temporal);
    return status !== null && check(status);
  });
const carriedOut = (count: number) =>
  statusWhere(
    `${count} are carried out`,
    ({ decisions }) => decisions.filter(({ outcome }) => outcome !== null).length === count,
  );

const health = speakIn(stage.dir);
stage.startWorker();
await stage.supervise();
await stage.statusWhere("healthy", ({ word }) => word === "Healthy");

// Transitions, a decision that waits for its grace, its act; a run that goes on in another one, which acts, too.
const { firstExecutionRunId } = await begin({ history_max: 60 });
await tell(SILENT);
await tell();
await tell(SILENT, SICK);
await carriedOut(1);
let sent = 3;
await until("continued as new", async () => {
  await tell(...(sent % 2 === 0 ? [SILENT, SICK] : [SICK]));
  sent += 1;
  await statusWhere("it is taken", ({ transitions }) => transitions === sent);
  return (await handle.describe()).runId !== firstExecutionRunId;
});
await tell(SICK);
await carriedOut(2);
await tell();
await statusWhere("GREEN", ({ word }) => word === "GREEN");
saveHistory(META_HEALTH_ID, firstExecutionRunId, { address, number: 1 });
saveHistory(META_HEALTH_ID, "", { address, number: 2 });
await handle.terminate("saved");

// Says what it would have done, is told to do it, and back.
await begin({ mode: "monitor-only" });
await tell(SICK);
await statusWhere("it would have", ({ would_have }) => would_have === 1);
await setRecoveryMode(temporal, "auto");
await carriedOut(1);
await handle.executeUpdate("setMode", { args: ["nonsense"] }).catch(() => undefined);
await handle.signal(transitionSignal, "nonsense");
await setRecoveryMode(temporal, "monitor-only");
await tell();
await statusWhere("GREEN", ({ word }) => word === "GREEN");
saveHistory(META_HEALTH_ID, "", { address, number: 3 });
await handle.terminate("saved");
health.stop();
await stage.close();
process.exit(0);
