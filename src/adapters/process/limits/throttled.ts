/**
 * How long the CPU quotas of our own control group, and of the groups around it, have held this process back: time that
 * is missing by configuration, on a machine that may be idle.
 */
import { readFileSync } from "node:fs";
import { groupsOf } from "./cgroup-places.ts";

const NS_PER_MS = 1e6;
const US_PER_MS = 1e3;

/** In milliseconds since the groups were made; 0 where there is no quota, or the kernel does not count it. */
export function createThrottledClock(): () => number {
  const folders = groupsOf("cpu", {
    cgroup: text("/proc/self/cgroup"),
    mountinfo: text("/proc/self/mountinfo"),
  });
  return () => folders.reduce((sum, folder) => sum + throttledMsIn(text(`${folder}/cpu.stat`)), 0);
}

/** Version 2 counts microseconds, version 1 nanoseconds. */
export function throttledMsIn(cpuStat: string): number {
  const [, name, count] = /^(throttled_usec|throttled_time) (\d+)$/m.exec(cpuStat) ?? [];
  if (name === undefined) return 0;
  return Number(count) / (name === "throttled_usec" ? US_PER_MS : NS_PER_MS);
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
