import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  isProcessAlive,
  processUsage,
  signalGroup,
  startedTicks,
} from "../../../src/adapters/process/process-facts.ts";
import { createStuckProcesses, endLeftover } from "../../../src/adapters/process/leftover.ts";

async function startSleeper(script: string): Promise<number> {
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

describe.skipIf(process.platform !== "linux")("a process", () => {
  test("is itself only with its start ticks: the same pid with others is somebody else", () => {
    const ticks = startedTicks(process.pid);
    expect(ticks).toBeGreaterThan(0);
    expect(isProcessAlive(process.pid, ticks)).toBe(true);
    expect(isProcessAlive(process.pid, (ticks ?? 0) + 1)).toBe(false);
    expect(isProcessAlive(process.pid, null)).toBe(true);
    expect(startedTicks(2 ** 22 + 1)).toBeNull();
  });

  test("has memory and CPU time", () => {
    const usage = processUsage(process.pid);
    expect(usage?.rssBytes).toBeGreaterThan(10_000_000);
    expect(usage?.cpuMs).toBeGreaterThan(0);
    expect(processUsage(2 ** 22 + 1)).toBeNull();
  });

  test("left by an earlier worker is ended with its group, gracefully where it obeys", async () => {
    const pid = await startSleeper("echo up; sleep 100");
    expect(await endLeftover({ pid, ticks: startedTicks(pid) }, 2_000)).toBe(true);
    expect(isProcessAlive(pid, null)).toBe(false);
  });

  test("that ignores SIGTERM is killed after its time", async () => {
    const pid = await startSleeper("trap '' TERM; echo up; while :; do sleep 1; done");
    expect(await endLeftover({ pid, ticks: startedTicks(pid) }, 200)).toBe(true);
    expect(isProcessAlive(pid, null)).toBe(false);
  });

  test("with the pid of a leftover but other ticks is left alone", async () => {
    const pid = await startSleeper("echo up; sleep 100");
    const ticks = startedTicks(pid) ?? 0;
    expect(await endLeftover({ pid, ticks: ticks + 1 }, 100)).toBe(true);
    expect(isProcessAlive(pid, ticks)).toBe(true);
    expect(signalGroup(pid, "SIGKILL")).toBe(true);
  });

  test("that is stuck counts as long as it exists", async () => {
    const stuck = createStuckProcesses();
    const pid = await startSleeper("echo up; sleep 100");
    stuck.add({ pid, ticks: startedTicks(pid) });
    stuck.add({ pid: 2 ** 22 + 1, ticks: 1 });
    expect(stuck.pids()).toEqual([pid]);
    await endLeftover({ pid, ticks: startedTicks(pid) }, 2_000);
    expect(stuck.pids()).toEqual([]);
  });
});
