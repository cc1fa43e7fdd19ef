/** The shell's clocks: wall time for what is written, monotonic time for ages and deadlines. */
import { uptime } from "node:os";

/** A larger difference means that the wall clock was set: the fine clock is re-anchored. */
const STEP_MS = 2;
let originMs = performance.timeOrigin;

/** Microseconds since the epoch, an integer; follows the wall clock when it is set. */
export function wallMicros(): number {
  const fineMs = originMs + performance.now();
  const aheadMs = fineMs - Date.now();
  if (aheadMs < -STEP_MS || STEP_MS < aheadMs) {
    originMs -= aheadMs;
    return Math.floor((originMs + performance.now()) * 1_000);
  }
  return Math.floor(fineMs * 1_000);
}

/** Milliseconds since the epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Milliseconds on a clock that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}

/** Milliseconds since boot, in steps of 10: unlike the monotonic clock it advances while the machine sleeps. */
export function bootMs(): number {
  return uptime() * 1_000;
}

/** CPU time of the calling thread, in milliseconds: excludes waits for a disk or a share. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
