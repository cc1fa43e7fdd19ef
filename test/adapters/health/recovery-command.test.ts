import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createServerRestarts } from "../../../src/adapters/health/recovery-command.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-recovery-command-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a command runs once for a decision, and a repeated request gets its result", async () => {
  const file = join(dir, "ran");
  const commands = { hazelcast: `echo ran >> '${file}'; echo 'no room' >&2; exit 3` };
  const first = await createServerRestarts(join(dir, "run"), commands)("hazelcast", "a@1");
  expect(first).toMatchObject({ done: false, says: expect.stringContaining("no room") });
  // Another worker, after the first one has died.
  const again = await createServerRestarts(join(dir, "run"), commands)("hazelcast", "a@1");
  expect(again).toEqual({ done: false, says: first.says.replaceAll(/\s+/g, " ") });
  expect(readFileSync(file, "utf8")).toBe("ran\n");
  const restart = createServerRestarts(join(dir, "run"), { hazelcast: "true" });
  expect(await restart("hazelcast", "a@2")).toMatchObject({ done: true });
  expect(await restart("hazelcast", "a@2")).toEqual({
    done: true,
    says: "done: the configured command succeeded",
  });
});

test("of one that was begun by a worker that died nobody says that it failed or succeeded", async () => {
  writeFileSync(join(dir, "recovery-commands"), "a@1\n");
  const restart = createServerRestarts(dir, { hazelcast: "false" });
  expect(await restart("hazelcast", "a@1")).toEqual({
    done: true,
    says: "it was started, and its outcome is not known",
  });
});
