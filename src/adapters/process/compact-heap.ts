/**
 * Returns memory that the start of a process used: bytecode of functions that run once, garbage of module loading, and half-empty
 * pages of V8's heap. V8 returns it only where much is allocated, which a process that mostly waits never does: 7 to 10 MB
 * per process.
 * Invariant: it pauses its thread for 40 to 200 ms, and functions that ran before are compiled again at their next call, so
 * processes whose latency is measured in milliseconds do not use it.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** By then the first rounds of work have run, with the garbage that only first rounds make. */
const AFTER_MS = 15_000;
const EVERY_MS = 60_000;
/** Less garbage than this is not worth a collection, which marks all that is alive. */
const GROWN_BYTES_MIN = 2_000_000;

/** Compacts the heap once, after the start; does not keep the process from ending. */
export function compactHeapLater(): void {
  setTimeout(compactHeap, AFTER_MS).unref();
}

/**
 * Also once a minute if the heap has grown since. For a process that works for some milliseconds every few seconds: V8
 * keeps its garbage, 6 MB, for a long time. The collections cost 0.1 to 0.2 % of a core, so an idle process does
 * without them.
 */
export function keepHeapCompact(): void {
  const { compact, compactIfGrown } = createCompactor({ collect: compactHeap, usedBytes });
  setTimeout(compact, AFTER_MS).unref();
  setInterval(compactIfGrown, EVERY_MS).unref();
}

export function createCompactor(heap: {
  readonly collect: () => void;
  readonly usedBytes: () => number;
}) {
  let leftBytes = Number.POSITIVE_INFINITY;
  const compact = (): void => {
    heap.collect();
    leftBytes = heap.usedBytes();
  };
  return {
    compact,
    /** Since the last collection; does nothing before the first. */
    compactIfGrown: (): void => {
      if (GROWN_BYTES_MIN <= heap.usedBytes() - leftBytes) compact();
    },
  };
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}

export function compactHeap(): void {
  // Only contexts that are made while the flag is set have the function: other code of the process does not see it.
  setFlagsFromString("--expose-gc");
  const collect: (how: { type: "major"; flavor: "last-resort" }) => void = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  collect({ type: "major", flavor: "last-resort" });
}
