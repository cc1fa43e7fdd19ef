/** The bookkeeper as a real process, on a control pipe that the test holds. */
import { spawn } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { listenTo } from "./service-pipe.ts";
import { LIVELY } from "./trader.ts";

const MAIN = fileURLToPath(new URL("../../src/services/bookkeeper/main.ts", import.meta.url));

export type Bookkeeper = ReturnType<typeof spawnBookkeeper>;

/** By a configuration file that others use, too. */
export function spawnBookkeeper(config: string, env: Readonly<Record<string, string>> = {}) {
  const out = openSync(join(dirname(config), "bookkeeper.out"), "a");
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    stdio: ["ignore", out, out, "pipe"],
    env: { ...process.env, ...env, DOLPHIN_CONFIG: config },
  });
  const heard = listenTo(child);
  const exited = new Promise<number | NodeJS.Signals | null>((settle) => {
    child.once("exit", (code, signal) => settle(code ?? signal));
  });
  return {
    beats: () => heard.beats,
    stop(signal: NodeJS.Signals = "SIGTERM") {
      child.kill(signal);
      return exited;
    },
  };
}

/** On a data directory where nothing else runs: its Hazelcast is away. */
export function startBookkeeper(data: string): Bookkeeper {
  const config = join(data, "bookkeeper.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: data,
      hazelcast: { address: "127.0.0.1:1", cluster: "dolphin", deadline_ms: 1_000 },
      trader: LIVELY,
      journal: { keep_days: null },
    }),
  );
  return spawnBookkeeper(config);
}
