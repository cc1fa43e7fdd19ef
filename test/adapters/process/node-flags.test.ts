import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NODE_FLAGS, STAYING_FLAGS } from "../../../src/adapters/process/node-flags.ts";

test("bin/dolphin and the tests run Node with the flags of our own processes", () => {
  const launcher = readFileSync("bin/dolphin", "utf8");
  expect(launcher).toContain(`exec "$node" $young ${NODE_FLAGS.join(" ")} "$root/src/cli/main.ts"`);
  const staying = STAYING_FLAGS.filter((flag) => !NODE_FLAGS.some((one) => one === flag));
  expect(launcher).toContain(`young="${staying.join(" ")}"\n`);
  expect(process.execArgv).toContain("--no-memory-protection-keys");
});
