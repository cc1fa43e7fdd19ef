/**
 * Writes the saved histories of refreshIndicator and forewarn anew, from real runs on real servers:
 * `node test/replay/save-indicator-histories.ts`. The same caution as in save-histories.ts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import { startSimulatedVenues } from "../../src/embedded/simulated-venues/simulated-venues.ts";
import { refreshNow } from "../../src/operations/indicators/refresh-now.ts";
import { FOREWARN, indicatorIdOf, taskQueueOf } from "../../src/workflows/names.ts";
import { until } from "../helpers/processes.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
  startTestTemporal,
} from "../helpers/servers.ts";
import { saveHistory } from "./save-history.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const dir = makeTemporaryDirectory("indicator-histories");
const file = join(dir, "dolphin.yaml");
const [server, member, venues] = await Promise.all([
  startTestTemporal(dir),
  startTestHazelcast(dir),
  startSimulatedVenues({ port: 0, nowMs: () => Date.now() }),
]);
const { url } = venues;
const symbols = ["BTCUSDT", "GONEUSDT"];
writeFileSync(
  file,
  JSON.stringify({
    indicators: { open_interest: { url, symbols }, fear_greed: { url }, dvol: { url } },
  }),
);
const worker = spawn(process.execPath, [CLI, "worker", "indicators", "batch"], {
  env: environmentOf(server, {
    DOLPHIN_CONFIG: file,
    DOLPHIN_DATA_DIR: dir,
    DOLPHIN_HAZELCAST_ADDRESS: member.address,
  }),
  stdio: ["ignore", "pipe", "inherit"],
});
await once(worker.stdout, "data");
const temporal = connectTemporal(server.address);
const read = async (name: string) => {
  let kind = "unserved";
  await until(async () => (kind = (await refreshNow(temporal, name)).kind) !== "unserved", {
    ms: 60_000,
    tell: () => "nobody serves it",
  });
  saveHistory(indicatorIdOf(name), "", { address: server.address, number: 1 });
  process.stdout.write(`${name}: ${kind}\n`);
};
// With a symbol that there is not; one that is refused at once; and one that is read at the second try.
await read("open_interest");
venues.misbehave("/fng", { kind: "text", text: "[]" });
await read("fear_greed");
venues.misbehave("/api", { kind: "status", status: 503 });
setTimeout(() => venues.misbehave("/api", null), 1_000);
await read("dvol");

const { workflow } = temporal.client;
const onBatch = { taskQueue: taskQueueOf("batch"), workflowId: FOREWARN };
await workflow.execute(FOREWARN, { ...onBatch, args: [{ days: 2 }] });
saveHistory(FOREWARN, "", { address: server.address, number: 1 });
await workflow.execute(FOREWARN, { ...onBatch, args: [{ days: 0 }] }).catch(() => {});
saveHistory(FOREWARN, "", { address: server.address, number: 2 });

const exited = once(worker, "exit");
worker.kill("SIGTERM");
await exited;
await temporal.close();
await Promise.all([venues.stop(), server.stop(), member.stop()]);
removeTemporaryDirectory(dir);
