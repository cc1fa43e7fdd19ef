/** The shell's clocks: wall time for what is written, monotonic time for ages and deadlines. */
import { uptime } from "node:os";

/** Above this the wall clock was set, and the fine clock is anchored to it anew. */
const STEP_MS = 2;
let originMs = performance.timeOrigin;

/** Microseconds since the epoch, an integer; follows the wall clock when that is set. */
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

/**
 * Milliseconds since the machine started, in steps of 10: it goes on while the machine sleeps, when the monotonic
 * clock stands still.
 */
export function bootMs(): number {
  return uptime() * 1_000;
}

/** Processor time of the calling thread, in milliseconds: waiting for a disk or a share is none. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
