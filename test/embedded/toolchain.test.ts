import { expect, test } from "vitest";
import { toolsThere } from "../../src/embedded/toolchain.ts";

const TOOLS = { temporal: "/t", java: "/j", hazelcast: "/h", python: "/p" };

test("a missing tool is named; Python, which tests alone use, may be closed to our user", () => {
  const { python: _, ...needed } = TOOLS;
  expect(toolsThere(TOOLS, () => true)).toEqual(TOOLS);
  expect(toolsThere(TOOLS, (path) => path !== "/p")).toEqual(needed);
  expect(() => toolsThere(TOOLS, (path) => path !== "/j")).toThrow("java is no longer at /j");
});
