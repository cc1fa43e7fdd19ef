/** A process that keeps another one, so that a test can pause the keeper itself. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import { until } from "../processes.ts";

const MAIN = fileURLToPath(new URL("keeping-main.ts", import.meta.url));

export const KEEPING = { probeEveryMs: 400, silentMsMax: 2_500 };

export function startKeeping(dir: string) {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, dir, JSON.stringify(KEEPING)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const exited = new Promise((resolve) => child.once("exit", resolve));
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const saidFrom = (from: number, text: string) =>
    until(() => lines.slice(from).some((line) => line.includes(text)), {
      ms: 20_000,
      tell: () => `${text}: ${lines.join("\n")}`,
    });
  return {
    process: child,
    lines: () => lines,
    said: (text: string) => saidFrom(0, text),
    /** From now on. */
    saidNext: (text: string) => saidFrom(lines.length, text),
    /** Of the kept process. */
    pid: (): string | undefined =>
      lines.findLast((line) => line.includes("started"))?.match(/pid (\d+)/)?.[1],
    async end(): Promise<void> {
      child.stdin.end();
      await exited;
    },
  };
}
