import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { execFileSync } from "../helpers/run-program.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** As the setup starts it. */
const COMPILER = ["--no-memory-protection-keys", resolve(ROOT, "scripts/compile-sources.ts")];

function node(cache: string, args: readonly string[]): string {
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  return execFileSync(process.execPath, args, { encoding: "utf8", env });
}

/** The stripper of types is a module of Node's own, loaded where a source has to be stripped. */
function stripsTypes(cache: string, path: string): boolean {
  const url = JSON.stringify(pathToFileURL(resolve(ROOT, path)).href);
  const isLoaded = "process.moduleLoadList.some((name) => name.includes('amaro'))";
  const script = `import(${url}).then(() => process.stdout.write(String(${isLoaded})))`;
  return node(cache, [...NODE_FLAGS, "-e", script]) === "true";
}

test("after the setup a process finds every module compiled, and loads nothing to strip types", () => {
  const cache = makeTemporaryDirectory("compiled");
  onTestFinished(() => removeTemporaryDirectory(cache));
  const empty = makeTemporaryDirectory("compiled");
  onTestFinished(() => removeTemporaryDirectory(empty));
  node(cache, COMPILER);
  expect(stripsTypes(empty, "src/services/trader/trader-process.ts")).toBe(true);
  expect(stripsTypes(cache, "src/services/trader/trader-process.ts")).toBe(false);
  expect(stripsTypes(cache, "src/cli/up/session.ts")).toBe(false);
});
