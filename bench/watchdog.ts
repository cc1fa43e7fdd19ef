/**
 * Time from a bad reading until the trader makes no entry, with Hazelcast dead and without Temporal: 200 breaches of
 * health on real processes. And what the watchdog costs with its delivery: to start, beside the breaches (each of them
 * opens an incident, and is told to a channel that nobody serves), and at rest after them, still without Hazelcast.
 *   npm run bench:watchdog [-- --breaches 200]
 */
import { setTimeout as delay } from "node:timers/promises";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { processUsage } from "../src/adapters/process/process-facts.ts";
import { quantileOf } from "../src/domain/statistics/daily-ratios.ts";
import { openLab } from "../test/helpers/bridge.ts";
import { until } from "../test/helpers/until.ts";
import { createFeeder, LIVELY, spawnTrader } from "../test/helpers/trader.ts";
import { reportHealth, spawnWatchdog } from "../test/helpers/watchdog.ts";
import { endWithBench } from "./harness/end-with-bench.ts";

endWithBench();

const { values } = parseArgs({ options: { breaches: { type: "string", default: "200" } } });
const breaches = Number(values.breaches);
const POLL_MS = 5;
/** Retries of what was told meanwhile, and the compiler, have ended by then. */
const SETTLE_MS = 20_000;
const REST_MS = 60_000;
const EARLIER_MS = 5_000;
const BYTES_PER_MB = 1_000_000;

const lab = await openLab("bench-watchdog");
const place = { ...(await lab.site()), address: lab.address };
const health = reportHealth(place.data);
const trader = spawnTrader(place, LIVELY);
const channels = {
  nobody: { kind: "webhook", url_env: "BENCH_WATCHDOG_URL", severity_min: "critical" },
};
const env = { BENCH_WATCHDOG_URL: "http://127.0.0.1:9/none" };
// It rises again within a breath, so that there are 200 breaches to measure.
const settings = { trader: LIVELY, alerts: { channels }, safety: { stable_s: 0.5 } };
// An earlier start that ended by itself has filled the compile cache: without it all later ones take 40 MB more.
const earlier = spawnWatchdog(place, settings, env);
await until("a watchdog answers", async () => (await earlier.view()) !== null);
await delay(EARLIER_MS);
await earlier.end("SIGTERM");
const watchdog = spawnWatchdog(place, settings, env);
try {
  const pid = watchdog.pid ?? 0;
  await until("a watchdog answers", async () => (await watchdog.view()) !== null);
  const startMs = processUsage(pid)?.cpuMs ?? 0;
  const entries = async () => (await trader.status()).entries;
  await trader.ready();
  await trader.hearsHazelcast();
  const feeder = createFeeder(lab.cluster);
  await feeder.push(30);
  await trader.decided(30);
  await until("entries are made", async () => (await entries()) === "go");
  lab.member().kill();
  await lab.member().exited;
  const took: number[] = [];
  const endBreaches = costOf(pid);
  for (let breach = 0; breach < breaches; breach += 1) {
    await until("entries are made", async () => (await entries()) === "go");
    // Anywhere in the watchdog's round.
    await delay((breach * 137) % 1_000);
    const fromMs = performance.now();
    health.says(0.4);
    while ((await entries()) === "go") await delay(POLL_MS);
    took.push(performance.now() - fromMs);
    health.says(1);
  }
  const beside = endBreaches();
  took.sort((a, b) => a - b);
  const figure = (share: number) => `${quantileOf(took, share).toFixed(0)} ms`;
  process.stdout.write(
    `breach to no entry, ${took.length} breaches, Hazelcast dead: p50 ${figure(0.5)}, p99 ${figure(0.99)}, max ${figure(1)}\n`,
  );
  await delay(SETTLE_MS);
  const endRest = costOf(pid);
  await delay(REST_MS);
  const atRest = endRest();
  const rssMb = (processUsage(pid)?.rssBytes ?? 0) / BYTES_PER_MB;
  process.stdout.write(
    `watchdog with delivery: ${atRest.toFixed(2)} % of a core at rest (${REST_MS / 1_000} s), ${rssMb.toFixed(0)} MB; ` +
      `${beside.toFixed(2)} % beside the breaches; ${startMs} ms of a core to start; load ${loadavg()[0]?.toFixed(0)}\n`,
  );
} finally {
  health.stop();
  await watchdog.end();
  await trader.kill();
  await lab.close();
}

/** The share of a core, in percent, from now until it is asked. */
function costOf(pid: number): () => number {
  const beforeMs = processUsage(pid)?.cpuMs ?? 0;
  const fromMs = performance.now();
  return () => (((processUsage(pid)?.cpuMs ?? 0) - beforeMs) / (performance.now() - fromMs)) * 100;
}
