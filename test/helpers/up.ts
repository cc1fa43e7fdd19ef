/** Runs the real `dolphin up` as a process of its own, on a data directory of its own. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UpFile } from "../../src/wire/up-file.ts";
import { until } from "./processes.ts";

export const DOLPHIN = fileURLToPath(new URL("../../bin/dolphin", import.meta.url));

export type Ended = { readonly code: number | null; readonly signal: string | null };
export type RunningUp = {
  readonly pid: number;
  /** Standard output and error so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
  /** up.json, as soon as it names everything. */
  readonly untilUp: () => Promise<UpFile>;
};

export function startUp(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): RunningUp {
  const child = spawn(DOLPHIN, ["--data-dir", dir, "up", ...args], {
    cwd: join(dir, ".."),
    env: { ...process.env, ...env },
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
    async untilUp() {
      const isUp = () => {
        const services = readUp(dir)?.pid === pid ? readUp(dir)?.services : undefined;
        return services?.["scan-bridge"] !== undefined && services["trader-blue"] !== undefined;
      };
      await until(isUp, { ms: 60_000, tell: () => output });
      const up = readUp(dir);
      if (up === null) throw new Error("up.json has gone");
      return up;
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
