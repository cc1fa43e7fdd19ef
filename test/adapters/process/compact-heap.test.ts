import { getHeapStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { compactHeap } from "../../../src/adapters/process/compact-heap.ts";

const MB = 1e6;

test("what is garbage is given back to the system, and nothing else sees the collector", () => {
  let kept: unknown[] | null = Array.from({ length: 100_000 }, (_, at) => ({ at, text: `${at}` }));
  expect(kept).toHaveLength(100_000);
  // Twice, that what is measured against holds no garbage of others.
  compactHeap();
  const before = getHeapStatistics().total_physical_size;
  kept = null;
  compactHeap();
  expect(before - getHeapStatistics().total_physical_size).toBeGreaterThan(5 * MB);
  expect("gc" in globalThis).toBe(false);
  expect(runInNewContext("typeof gc")).toBe("undefined");
});
