import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHECKOUT } from "../../src/embedded/toolchain.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { spawnSync } from "../helpers/run-program.ts";

/** A checkout that was just cloned, with nothing set up. */
let clone = "";
beforeAll(() => {
  clone = makeTemporaryDirectory("setup");
  for (const file of ["scripts/setup.mjs", "package.json", "package-lock.json"]) {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    copyFileSync(join(CHECKOUT, file), join(clone, file));
  }
});
afterAll(() => {
  removeTemporaryDirectory(clone);
});

/** Runs the setup with only these programs on the PATH: name -> what it prints. */
function runSetup(tools: Readonly<Record<string, string>>) {
  const bin = makeTemporaryDirectory("path");
  for (const [name, output] of Object.entries(tools)) {
    const file = join(bin, name);
    writeFileSync(file, `#!/bin/sh\necho '${output}' >&2\n`);
    chmodSync(file, 0o755);
  }
  symlinkSync("/bin/sh", join(bin, "sh"));
  const env = { PATH: bin, HOME: clone };
  const script = join(clone, "scripts", "setup.mjs");
  const run = spawnSync(process.execPath, [script], { env, encoding: "utf8" });
  removeTemporaryDirectory(bin);
  return { status: run.status, lines: run.stderr.trim().split("\n") };
}

const ALL = { npm: "11", java: 'openjdk version "17.0.15"', mvn: "3.8", python3: "" };

describe("setup without a prerequisite", () => {
  test.each([
    ["npm", {}, /^setup: npm is missing: it installs the packages; .*install Node 20/],
    ["java", {}, /^setup: Java 17 or newer is missing: the Hazelcast member.*; install a JRE/],
    ["mvn", {}, /^setup: Maven \(mvn\) is missing: it downloads.*; install it with/],
    ["python3", {}, /^setup: Python 3 with venv is missing: it brings.*; install it with/],
    ["java", { java: 'java version "1.8.0_392"' }, /Java 17 or newer \(found 8 at .*\) is missing/],
  ])("%s %j: one line that says what, why and how, and exit 78", (missing, instead, line) => {
    const tools = Object.fromEntries(Object.entries(ALL).filter(([name]) => name !== missing));
    const run = runSetup({ ...tools, ...instead });
    expect(run).toEqual({ status: 78, lines: [expect.stringMatching(line)] });
  });

  test("reports all that is missing at once", () => {
    const run = runSetup({});
    expect(run.status).toBe(78);
    expect(run.lines).toHaveLength(4);
  });
});

test("a second setup finds everything there, at once", () => {
  const script = join(CHECKOUT, "scripts", "setup.mjs");
  const run = spawnSync(process.execPath, [script, "--test"], { encoding: "utf8" });
  expect(run.status).toBe(0);
  expect(run.stdout).not.toContain("installing");
  expect(run.stdout).toContain("nothing to do");
});
