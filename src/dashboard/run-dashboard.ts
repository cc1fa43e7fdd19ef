/** The dashboard as a process of its own: JSON lines to its standard output, signals, the end. */
import { wallMicros } from "../adapters/clock.ts";
import { keepHeapCompact } from "../adapters/process/compact-heap.ts";
import { messageOf } from "../domain/failure.ts";
import { isoFromMicros } from "../domain/time.ts";
import { type DashboardOptions, startDashboard } from "./server.ts";

type Level = "info" | "warn" | "error";

/** Resolves when it serves; ends the process on a signal. @throws {Error} when it cannot serve. */
export async function runDashboard(options: DashboardOptions): Promise<void> {
  // A full disk, or a closed pipe, only costs lines.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  // A server's answer may arrive when no page waits for it any more.
  process.on("unhandledRejection", (reason) => {
    say("warn", `unhandled rejection: ${messageOf(reason)}`);
  });
  const dashboard = await startDashboard(options);
  say("info", `serving ${dashboard.url} over ${options.dataDir}`);
  // A page's answers are garbage at once, which V8 leaves for hours: 90 MB a minute at 150 scans/s.
  keepHeapCompact();
  const stop = async (why: string): Promise<void> => {
    say("info", `stopping: ${why}`);
    await dashboard.close();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void stop(signal));
  }
}

function say(level: Level, msg: string): void {
  const time = isoFromMicros(wallMicros());
  const line = { level, time, service: "dashboard", pid: process.pid, msg: `[Dashboard] ${msg}` };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
