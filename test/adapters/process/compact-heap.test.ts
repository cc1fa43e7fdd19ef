import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createCompactor } from "../../../src/adapters/process/compact-heap.ts";
import { execFileSync } from "../../helpers/run-program.ts";

const MODULE = fileURLToPath(
  new URL("../../../src/adapters/process/compact-heap.ts", import.meta.url),
);
const MB = 1e6;

/** In a process of its own: how much of a heap that others share goes back depends on what they left between the garbage. */
const MEASURE = `
import { getHeapStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import { compactHeap } from ${JSON.stringify(MODULE)};

const size = () => getHeapStatistics().total_physical_size;
let kept = Array.from({ length: 100_000 }, (_, at) => ({ at, text: String(at) }));
// Before what is measured: the garbage of the start.
compactHeap();
const before = size();
const length = kept.length;
kept = null;
const uncollected = before - size();
compactHeap();
const collected = before - size();
const seen = ["gc" in globalThis, runInNewContext("typeof gc")];
console.log(JSON.stringify({ length, uncollected, collected, seen }));
`;

test("garbage is returned to the system, and other code does not see the collector", () => {
  const args = ["--no-memory-protection-keys", "--input-type=module", "--eval", MEASURE];
  const found = JSON.parse(String(execFileSync(process.execPath, args)));
  expect(found).toMatchObject({ length: 100_000, seen: [false, "undefined"] });
  expect(found.uncollected).toBeLessThan(MB);
  expect(found.collected).toBeGreaterThan(5 * MB);
});

test("a heap is collected again once it has grown, so that a process that does nothing pays nothing", () => {
  let used = 30 * MB;
  let collections = 0;
  const collect = () => {
    collections += 1;
    used = 20 * MB;
  };
  const { compact, compactIfGrown } = createCompactor({ collect, usedBytes: () => used });
  compactIfGrown();
  expect(collections).toBe(0);
  compact();
  used = 21.9 * MB;
  compactIfGrown();
  expect(collections).toBe(1);
  used = 22 * MB;
  compactIfGrown();
  compactIfGrown();
  expect(collections).toBe(2);
});
