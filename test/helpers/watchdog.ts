/** The safety watchdog as a real process, and a health report controlled by the test. */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askControl, controlSocketPath } from "../../src/adapters/control-socket.ts";
import {
  parseSafetyAnswer,
  type SafetyView,
  WATCHDOG,
} from "../../src/wire/safety/safety-control.ts";
import { sendSignal } from "./processes.ts";
import { DOLPHIN } from "./up.ts";

export type WatchdogPlace = {
  readonly dir: string;
  readonly data: string;
  readonly address: string;
};
export type Watchdog = ReturnType<typeof spawnWatchdog>;

export function spawnWatchdog(
  place: WatchdogPlace,
  sections: object = {},
  env: Readonly<Record<string, string>> = {},
) {
  const config = join(place.dir, "watchdog.yaml");
  const output = join(place.dir, "watchdog.out");
  mkdirSync(place.data, { recursive: true });
  const hazelcast = { address: place.address, cluster: "dolphin" };
  writeFileSync(config, JSON.stringify({ data_dir: place.data, hazelcast, ...sections }));
  const out = openSync(output, "a");
  const child = spawn(DOLPHIN, ["--config", config, "watchdog"], {
    stdio: ["ignore", out, out],
    env: { ...process.env, ...env },
  });
  const exited = new Promise<number | NodeJS.Signals | null>((settle) => {
    child.once("exit", (code, signal) => settle(code ?? signal));
  });
  return {
    pid: child.pid,
    config,
    exited,
    output: () => readFileSync(output, "utf8"),
    /** Null while the watchdog does not answer. */
    async view(): Promise<SafetyView | null> {
      const show = JSON.stringify({ command: "show", id: "test" });
      const limits = { withinMs: 10_000, answerCharsMax: 1e6 };
      const line = await askControl(controlSocketPath(place.data, WATCHDOG), show, limits).catch(
        () => "",
      );
      return parseSafetyAnswer(line)?.safety ?? null;
    },
    async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) sendSignal(child.pid, signal);
      await exited;
    },
  };
}

/** Writes `meta_health.json` twice a second, with this score, until it is told to be silent. */
export function reportHealth(data: string) {
  let score: number | null = 1;
  let others: Readonly<Record<string, unknown>> = {};
  const write = (): void => {
    if (score === null) return;
    const path = join(data, "meta_health.json");
    const scores = { m1_proc: score, m2_heartbeat: 1, m3_data_freshness: 1, m5_coherence: 1 };
    const timestamp = `${new Date().toISOString().slice(0, -1)}000+00:00`;
    writeFileSync(`${path}.test`, JSON.stringify({ ...scores, timestamp, ...others }));
    renameSync(`${path}.test`, path);
  };
  mkdirSync(data, { recursive: true });
  write();
  const timer = setInterval(write, 500);
  return {
    /** Null: it is silent. `instead`: fields that it writes otherwise. */
    says(now: number | null, instead: Readonly<Record<string, unknown>> = {}): void {
      score = now;
      others = instead;
      write();
    },
    stop: () => clearInterval(timer),
  };
}
