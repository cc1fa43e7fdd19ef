import * as fc from "fast-check";
import { expect, test } from "vitest";
import { NameSet } from "../../../../src/services/scan-bridge/intake/name-set.ts";

test("it holds what a set of texts holds", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), fc.array(fc.string()), (added, others) => {
      const names = new NameSet();
      for (const name of added) names.add(name);
      const exact = new Set(added);
      expect(names.size).toBe(exact.size);
      for (const name of [...added, ...others]) expect(names.has(name)).toBe(exact.has(name));
    }),
  );
});

test("names that differ in a digit are distinguished, a quarter of a million of them", () => {
  const names = new NameSet();
  const count = 250_000;
  for (let number = 0; number < count; number++) names.add(`scan_${number}_120000.arrow`);
  expect(names.size).toBe(count);
  let wrong = 0;
  for (let number = 0; number < count; number++) {
    if (!names.has(`scan_${number}_120000.arrow`)) wrong += 1;
    if (names.has(`scan_${number}_120001.arrow`)) wrong += 1;
  }
  expect(wrong).toBe(0);
});

test("cleared, it holds nothing and can be filled again", () => {
  const names = new NameSet();
  for (const name of ["a", "b"]) names.add(name);
  names.clear();
  expect(names.size).toBe(0);
  expect(names.has("a")).toBe(false);
  names.add("b");
  expect([names.has("a"), names.has("b"), names.size]).toEqual([false, true, 1]);
});
