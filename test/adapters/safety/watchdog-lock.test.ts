/** Two watchdogs never run side by side, and one always can. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { claimWatch } from "../../../src/adapters/safety/watchdog-lock.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

function folder(): string {
  const dir = makeTemporaryDirectory("watchdog-lock");
  onTestFinished(() => removeTemporaryDirectory(dir));
  return join(dir, "safety");
}

test("the second is refused until the first has ended", () => {
  const dir = folder();
  const first = claimWatch(dir);
  expect(first).toMatchObject({ isOurs: true, trouble: null });
  expect(claimWatch(dir)).toEqual({ isOurs: false });
  if (first.isOurs) first.release();
  const third = claimWatch(dir);
  expect(third.isOurs).toBe(true);
  if (third.isOurs) third.release();
});

test("a lock that cannot be taken at all is reported, and the watchdog runs all the same", () => {
  const dir = folder();
  mkdirSync(join(dir, "lock.db"), { recursive: true });
  const claim = claimWatch(dir);
  expect(claim.isOurs && claim.trouble).toContain("unable to open");
});
