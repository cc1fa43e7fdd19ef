import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDataDirectory } from "../../../src/embedded/state/data-lock.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("lock");
});
afterEach(() => {
  removeTemporaryDirectory(dir);
});

test("only one holds the directory, and it is free again when it lets go", () => {
  const first = lockDataDirectory(dir);
  expect(first).not.toBeNull();
  expect(lockDataDirectory(dir)).toBeNull();
  first?.release();
  const second = lockDataDirectory(dir);
  expect(second).not.toBeNull();
  second?.release();
});

test("a holder that was killed leaves no stale lock", () => {
  const module = new URL("../../../src/embedded/state/data-lock.ts", import.meta.url).href;
  const script = `
    import { lockDataDirectory } from ${JSON.stringify(module)};
    console.log(lockDataDirectory(${JSON.stringify(dir)}) !== null);
    process.kill(process.pid, "SIGKILL");`;
  const args = ["--input-type=module", "-e", script];
  const killed = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect([killed.stdout, killed.signal]).toEqual(["true\n", "SIGKILL"]);
  const lock = lockDataDirectory(dir);
  expect(lock).not.toBeNull();
  lock?.release();
});
