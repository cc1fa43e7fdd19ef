/**
 * Calls at a steady interval, all of a process at the same moments: ten timers that are due one after the other wake it ten
 * times, and a wake-up costs more than most of what is done in it. Invariant: intervals that are multiples of each other
 * are due together, and each call runs in the asynchronous context of who asked for it, as with a timer of its own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { monotonicMs } from "../clock.ts";

/** A timer may be early by less than this. */
const EARLY_MS_MAX = 2;

type Group = { readonly acts: Set<() => void>; timer: NodeJS.Timeout };
/** By interval. */
const groups = new Map<number, Group>();

/** Returns what ends the calls; the first one follows within an interval. */
export function everySteadily(intervalMs: number, act: () => void): () => void {
  // Temporal's SDK finds by it whose heartbeat it is.
  const mine = AsyncLocalStorage.bind(act);
  const group = groups.get(intervalMs) ?? openGroup(intervalMs);
  group.acts.add(mine);
  return () => {
    group.acts.delete(mine);
    if (0 < group.acts.size || groups.get(intervalMs) !== group) return;
    clearTimeout(group.timer);
    groups.delete(intervalMs);
  };
}

function openGroup(intervalMs: number): Group {
  const run = (): void => {
    group.timer = setTimeout(run, untilNextMs(intervalMs, monotonicMs()));
    for (const act of group.acts) act();
  };
  const timer = setTimeout(run, untilNextMs(intervalMs, monotonicMs()));
  const group: Group = { acts: new Set(), timer };
  groups.set(intervalMs, group);
  return group;
}

/** To the next multiple of the interval, and not to the one that is being served a little early. */
export function untilNextMs(intervalMs: number, nowMs: number): number {
  const leftMs = intervalMs - (nowMs % intervalMs);
  return leftMs <= EARLY_MS_MAX ? leftMs + intervalMs : leftMs;
}
