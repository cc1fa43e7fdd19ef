/**
 * Time from the decision of an alert (its transaction) to the first request that its channel receives, with all our
 * servers away and without waking the delivering process: `npm run bench:alerts -- [--alerts N] [--json]`. CPU is that
 * of the idle delivering process, as a share of one core.
 */
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { processUsage } from "../src/adapters/process/process-facts.ts";
import { channelAt, FIRE } from "../test/helpers/alerts/channels.ts";
import { openOtherSide } from "../test/helpers/alerts/other-side.ts";
import { makeOutbox, spawnDelivery } from "../test/helpers/alerts/outbox-file.ts";
import { sendSignal, until } from "../test/helpers/processes.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { percentile, rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    alerts: { type: "string", default: "200" },
    json: { type: "boolean", default: false },
  },
});
const alerts = Number(values.alerts);
/** Slower than the channel's own budget. */
const EVERY_MS = 150;
const IDLE_MS = 20_000;

const other = await openOtherSide();
const decidedMs = new Map<string, number>();
const tookMs: number[] = [];
other.answer((response, { body }) => {
  const { incident } = JSON.parse(body);
  const decided = decidedMs.get(incident);
  if (decided !== undefined) tookMs.push(performance.now() - decided);
  response.end("ok");
});
const outbox = makeOutbox();
const { settings, env } = channelAt("webhook", other.url);
const { child, output } = spawnDelivery({
  file: outbox.file,
  channels: { c: settings },
  // As services are started: without it the stripping of types takes memory.
  env: { ...env, NODE_COMPILE_CACHE: resolve(import.meta.dirname, "../.cache/compile") },
});
try {
  // The first is not counted: the process begins.
  outbox.insertNow(FIRE);
  await until(() => outbox.count("delivered") === 1, { ms: 60_000, tell: output });
  note(`${alerts} alerts`);
  for (let at = 0; at < alerts; at += 1) {
    const incident = `bench/${at}`;
    decidedMs.set(incident, performance.now());
    outbox.insertNow({ ...FIRE, incident });
    await delay(EVERY_MS + Math.random() * EVERY_MS);
  }
  await until(() => outbox.count("delivered") === alerts + 1, { ms: 60_000, tell: output });
  const before = processUsage(child.pid ?? 0);
  await delay(IDLE_MS);
  const after = processUsage(child.pid ?? 0);
  const result = {
    ...machine(),
    alerts,
    ms: {
      p50: rounded(percentile(tookMs, 50), 1),
      p99: rounded(percentile(tookMs, 99), 1),
      max: rounded(Math.max(...tookMs), 1),
    },
    idle_cpu_percent: rounded((100 * ((after?.cpuMs ?? 0) - (before?.cpuMs ?? 0))) / IDLE_MS, 2),
    rss_mb: rounded((after?.rssBytes ?? 0) / 1e6, 1),
  };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);
} finally {
  sendSignal(child.pid, "SIGTERM");
  outbox.remove();
  await other.close();
}
