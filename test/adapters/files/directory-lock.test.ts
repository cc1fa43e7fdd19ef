import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDirectory } from "../../../src/adapters/files/directory-lock.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { spawnSync } from "../../helpers/run-program.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("lock");
});
afterEach(() => {
  removeTemporaryDirectory(dir);
});

test("only one holds the directory, and it is free again when it lets go", () => {
  const first = lockDirectory(dir);
  expect(first).not.toBeNull();
  expect(lockDirectory(dir)).toBeNull();
  first?.release();
  const second = lockDirectory(dir);
  expect(second).not.toBeNull();
  second?.release();
});

test("a holder that was killed leaves no stale lock", () => {
  const module = new URL("../../../src/adapters/files/directory-lock.ts", import.meta.url).href;
  const script = `
    import { lockDirectory } from ${JSON.stringify(module)};
    console.log(lockDirectory(${JSON.stringify(dir)}) !== null);
    process.kill(process.pid, "SIGKILL");`;
  const args = ["--input-type=module", "-e", script];
  const killed = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect([killed.stdout, killed.signal]).toEqual(["true\n", "SIGKILL"]);
  const lock = lockDirectory(dir);
  expect(lock).not.toBeNull();
  lock?.release();
});
