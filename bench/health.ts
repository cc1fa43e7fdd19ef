/**
 * The cost of the service `health` beside a running demo: `npm run bench:health -- [--minutes N] [--json]`. CPU is the
 * share of one core that its process took, with all threads.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readHealthReport } from "../src/adapters/health/health-outlets.ts";
import { processUsage } from "../src/adapters/process/process-facts.ts";
import { until, sendSignal } from "../test/helpers/processes.ts";
import { DOLPHIN, readUp, startUp } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});
const minutes = Number(values.minutes);
const MB_PER_KB = 1_024 / 1e6;

function memoryOf(pid: number) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mb = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * MB_PER_KB;
  return { rss_mb: rounded(mb("Rss"), 1), pss_mb: rounded(mb("Pss"), 1) };
}

const parent = mkdtempSync(join(tmpdir(), "dolphin-health-"));
const dir = join(parent, "data");
const up = startUp(dir, ["--demo", "--ports", "auto"]);
try {
  await up.untilUp();
  const isWell = () => readHealthReport(dir, Date.now())?.report.status === "GREEN";
  await until(isWell, {
    ms: 120_000,
    tell: () => spawnSync(DOLPHIN, ["--data-dir", dir, "health"]).stdout.toString(),
  });
  const pid = readUp(dir)?.services["health"]?.pid ?? 0;
  note(`GREEN; ${minutes} minutes of health as pid ${pid}`);
  const before = processUsage(pid)?.cpuMs ?? 0;
  const startedMs = performance.now();
  await delay(minutes * 60_000);
  const cpuMs = (processUsage(pid)?.cpuMs ?? 0) - before;
  const cpuPercent = rounded((100 * cpuMs) / (performance.now() - startedMs), 2);
  const result = { ...machine(), minutes, cpu_percent: cpuPercent, ...memoryOf(pid) };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);
} finally {
  sendSignal(up.pid, "SIGTERM");
  await up.ended;
  rmSync(parent, { recursive: true, force: true });
}
