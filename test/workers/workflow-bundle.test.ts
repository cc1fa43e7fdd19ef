/** A worker whose checkout is read-only, as in a unit, takes what its child compiled, and does not compile again. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundleFrom } from "../../src/workers/workflow-bundle.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

test("the code comes from the child's output, whole, where nothing can be kept", async () => {
  const dir = makeTemporaryDirectory("bundle");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const builder = join(dir, "builder.mjs");
  writeFileSync(builder, `process.stdout.write("ä;".repeat(500_000) + process.argv.at(-1));`);
  const lines: string[] = [];
  const code = await bundleFrom({ cache: join(dir, "none"), builder }, (line) => lines.push(line));
  expect([code.length, code.slice(-9)]).toEqual([1_000_007, "ä;--print"]);
  expect(lines).toEqual([expect.stringContaining("node scripts/setup.mjs")]);
});
