/** Runs the real `dolphin up` as a process of its own, on a data directory of its own. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVICE_NAMES } from "../../src/domain/supervision/services.ts";
import { UpFile } from "../../src/wire/up-file.ts";
import { until } from "./processes.ts";

export const DOLPHIN = fileURLToPath(new URL("../../bin/dolphin", import.meta.url));

export type Ended = { readonly code: number | null; readonly signal: string | null };
export type RunningUp = {
  readonly pid: number;
  /** Standard output and error so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
  /** up.json, as soon as it names the dashboard and these services; by default those of a demo. */
  readonly untilUp: (services?: readonly string[]) => Promise<UpFile>;
};

const DEMO_SERVICES = ["scan-bridge", "trader-blue", "bookkeeper", "health"];
const BRIDGE = "scan-bridge";

/** Sections of dolphin.yaml for a test of the bridge and of `up`: five processes fewer to start, and to run. */
export const BRIDGE_ALONE = {
  services: Object.fromEntries(
    SERVICE_NAMES.filter((name) => name !== BRIDGE).map((name) => [name, { autostart: false }]),
  ),
  safety: { watchdog: false },
};

/** Without simulated venues, unless `env` says otherwise: two processes less, and no feeds but a test's own. */
export function startUp(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): RunningUp {
  const child = spawn(DOLPHIN, ["--data-dir", dir, "up", ...args], {
    cwd: join(dir, ".."),
    env: { DOLPHIN_SIMULATOR_VENUES: "false", ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    output: () => output,
    ended,
    async untilUp(expected = DEMO_SERVICES) {
      let up: UpFile | null = null;
      const isUp = () => {
        up = readUp(dir);
        // The file is written before the dashboard is open, and again with it.
        if (up?.pid !== pid || up.dashboard === null) return false;
        const { services } = up;
        return expected.every((name) => services[name]);
      };
      await until(isUp, { ms: 240_000, tell: () => output });
      return up!;
    },
  };
}

export function readUp(dir: string): UpFile | null {
  try {
    return UpFile.parse(JSON.parse(readFileSync(join(dir, "up.json"), "utf8")));
  } catch {
    return null;
  }
}
