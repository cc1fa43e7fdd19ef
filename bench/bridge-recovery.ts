/**
 * Seconds from `kill -9` of the supervised bridge to the next scan in Hazelcast, pushed by its next life: in a real
 * `dolphin up --demo` with the simulator at 20 scans a second, no delay before a restart, and a restart budget that is
 * not exhausted. Then the same for SIGSTOP.
 *     node bench/bridge-recovery.ts [--json] [--rounds 20]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FEATURES_MAP } from "../src/wire/scan-value.ts";
import { seededRandom } from "../src/domain/simulator/random.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { type Listener, monotonicUs, startListener } from "./harness/listener.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { percentile, rounded } from "./harness/statistics.ts";
import { sendSignal } from "../test/helpers/processes.ts";

endWithBench();

type Signal = "SIGKILL" | "SIGSTOP";

const options = benchOptions({ rounds: 20 });
const STOPS = 5;
const UP_WITHIN_MS = 90_000;
const NEXT_SCAN_WITHIN_MS = 60_000;
const POLL_EVERY_MS = 20;
const MAIN = resolve(import.meta.dirname, "../src/cli/main.ts");
const SETTINGS = {
  DOLPHIN_SIMULATOR_RATE: "20",
  DOLPHIN_SUPERVISION_RESTARTS_MAX: "1000",
  DOLPHIN_SUPERVISION_DELAYS_S: "[0]",
};

const dir = mkdtempSync(join(tmpdir(), "dolphin-recovery-"));
const log = openSync(join(dir, "bench-up.log"), "a");
const up = spawn(process.execPath, [MAIN, "--data-dir", dir, "up", "--demo", "--ports", "auto"], {
  stdio: ["ignore", log, log],
  env: { ...process.env, ...SETTINGS },
});
try {
  await until("dolphin up", () => existsSync(join(dir, "up.json")), UP_WITHIN_MS);
  const { hazelcast, cluster }: { hazelcast: string; cluster: string } = JSON.parse(
    readFileSync(join(dir, "up.json"), "utf8"),
  );
  const listener = await startListener({ address: hazelcast, cluster, map: FEATURES_MAP });
  const { uniform } = seededRandom(1);
  const measure = async (signal: Signal, count: number) => {
    const seconds: number[] = [];
    for (let kill = 1; kill <= count; kill++) {
      await scansFlow(listener);
      // At any moment of a life: also before its start counts as successful.
      await delay(1_000 + 7_000 * uniform());
      seconds.push(await recoveryAfter(signal, listener));
      note(`${signal} ${kill}: ${rounded(seconds.at(-1)!)} s`);
    }
    return seconds;
  };
  const killed = await measure("SIGKILL", options.rounds);
  const stopped = await measure("SIGSTOP", STOPS);
  await listener.stop();
  const rows = { "kill -9": summary(killed), SIGSTOP: summary(stopped) };
  report(options, { title: "from the signal to the next scan in Hazelcast", ...rows }, rows);
} finally {
  if (up.exitCode === null) {
    const ended = once(up, "exit");
    up.kill("SIGTERM");
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
}

async function recoveryAfter(signal: Signal, listener: Listener): Promise<number> {
  const run: { pid: number } = JSON.parse(readFileSync(join(dir, "run/scan-bridge.json"), "utf8"));
  await listener.clear();
  const before = (await newest(listener)) ?? { seq: 0, epoch: 0 };
  const atUs = monotonicUs();
  sendSignal(run.pid, signal);
  let recoveredUs = 0;
  await until(
    `a scan after ${signal}`,
    async () => {
      const seen = await listener.collect();
      // A starting bridge publishes its predecessor's last scan again: that does not count as the next one.
      const old = seen.filter((scan) => scan.epoch === before.epoch).at(-1)?.seq ?? before.seq;
      const next = seen.find((scan) => scan.epoch > before.epoch && scan.seq > old);
      recoveredUs = next?.atUs ?? 0;
      return next !== undefined;
    },
    NEXT_SCAN_WITHIN_MS,
  );
  return (recoveredUs - atUs) / 1_000_000;
}

function summary(seconds: readonly number[]) {
  return {
    count: seconds.length,
    p50_s: rounded(percentile(seconds, 50)),
    p95_s: rounded(percentile(seconds, 95)),
    max_s: rounded(Math.max(...seconds)),
  };
}

async function scansFlow(listener: Listener): Promise<void> {
  await listener.clear();
  await until("scans flow", async () => (await listener.collect()).length >= 20, UP_WITHIN_MS);
}

async function newest(listener: Listener) {
  await until("a scan", async () => (await listener.collect()).length > 0, NEXT_SCAN_WITHIN_MS);
  return (await listener.collect()).at(-1);
}

async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const giveUpMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (up.exitCode !== null || giveUpMs < performance.now()) {
      const end = readFileSync(join(dir, "bench-up.log"), "utf8").slice(-3_000);
      throw new Error(`${what}: not within ${withinMs} ms\n${end}`);
    }
    await delay(POLL_EVERY_MS);
  }
}
