import { expect, test } from "vitest";
import { mayBeFilled } from "../../../src/adapters/faults/strikes.ts";

const GB = 2 ** 30;

test.each([
  ["a small disk", 2 * GB, "ext4", true],
  // Also one that has only some room left: others are in need of just that.
  ["a large disk", 500 * GB, "ext4", false],
  ["a small one in memory", GB / 8, "tmpfs", true],
  ["a large one in memory", 3 * GB, "tmpfs", false],
  ["one in memory without an end", 0, "ramfs", false],
])("a drill may fill %s: %s bytes of %s: %s", (_what, bytes, type, may) => {
  expect(mayBeFilled({ blocks: bytes / 4_096, bsize: 4_096 }, type)).toBe(may);
});
