/**
 * How fast a killed service runs again, with Temporal in the loop: `node bench/service-restart.ts [KILLS]`. Measured
 * from SIGKILL to the first line of the next process, including Node's own start.
 */
import { openStage } from "../test/helpers/supervision/stage.ts";
import { until } from "../test/helpers/until.ts";
import { sendSignal } from "../test/helpers/processes.ts";
import { endWithBench } from "./harness/end-with-bench.ts";

endWithBench();

const kills = Number(process.argv[2] ?? 20);
const stage = await openStage("restart", "supervision: { restarts_max: 10000, delays_s: [0] }");
stage.startWorker();
await stage.supervise();
const times: number[] = [];
// The first restart warms the worker up and is left out.
for (let kill = 0; kill <= kills; kill += 1) {
  const { pid } = await stage.statusWhere("healthy", (now) => now.word === "Healthy");
  const known = stage.starts().length;
  const killedMs = Date.now();
  sendSignal(pid, "SIGKILL");
  const next = await until("started again", () => stage.starts()[known] ?? null);
  if (0 < kill) times.push(next.atMs - killedMs);
  await stage.statusWhere("seen", (now) => now.pid === next.pid);
}
await stage.clear();
await stage.close();
const sorted = times.toSorted((a, b) => a - b);
const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
const figures = { kills, median_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1) };
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
