import { expect, test } from "vitest";
import { createAllowance } from "../../../src/dashboard/commands/allowance.ts";

test("so many at once, and then one each so many milliseconds", () => {
  const take = createAllowance({ burst: 3, everyMs: 100 });
  expect([take(0), take(0), take(0), take(0), take(60)]).toEqual([0, 0, 0, 100, 40]);
  expect([take(100), take(100)]).toEqual([0, 100]);
  expect([take(350), take(350), take(350)]).toEqual([0, 0, 50]);
});

test("a long rest earns no more than were allowed at once", () => {
  const take = createAllowance({ burst: 2, everyMs: 100 });
  expect([take(0), take(0), take(1e9), take(1e9)]).toEqual([0, 0, 0, 0]);
  expect(take(1e9)).toBe(100);
});
