/**
 * Gives back what a process's start took: sources' compiled forms that run once, garbage of the loading, and pages of V8's heap
 * that are half empty. V8 does it by itself only where much is allocated, and what mostly waits never does: 7 to 10 MB
 * of each process.
 * Invariant: holds its thread for a tenth of a second or two, and what ran so far is compiled anew at its next call, so
 * nothing does it on whose answer anybody waits in milliseconds.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** By then the first rounds have run, and made what only first rounds make. */
const AFTER_MS = 15_000;

/** Once, when the start is over; keeps no process from ending. */
export function compactHeapLater(): void {
  setTimeout(compactHeap, AFTER_MS).unref();
}

export function compactHeap(): void {
  // The function is only in contexts that are made while the flag is set: nothing else of the process sees it.
  setFlagsFromString("--expose-gc");
  const collect: (how: { type: "major"; flavor: "last-resort" }) => void = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  collect({ type: "major", flavor: "last-resort" });
}
