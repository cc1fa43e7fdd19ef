/** All workers of a data directory serve one Temporal at a time. */
import { expect, onTestFinished, test } from "vitest";
import { isServed, serveFor } from "../../../src/adapters/files/served-by.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

function directory(): string {
  const dir = makeTemporaryDirectory("served-by");
  onTestFinished(() => removeTemporaryDirectory(dir));
  return dir;
}

function held(dir: string, temporal: string) {
  const served = serveFor(dir, temporal);
  if (served.kind !== "held") throw new Error(`held by ${served.by}`);
  return served;
}

test("workers of one Temporal serve side by side, and those of another are refused until the last has gone", () => {
  const dir = directory();
  expect(isServed(dir)).toBe(false);
  const [one, two] = [held(dir, "ours"), held(dir, "ours")];
  expect(serveFor(dir, "theirs")).toEqual({ kind: "taken", by: "ours" });
  one.release();
  expect([isServed(dir), serveFor(dir, "theirs").kind]).toEqual([true, "taken"]);
  two.release();
  expect(isServed(dir)).toBe(false);
  const other = held(dir, "theirs");
  expect(other.before).toBe("ours");
  expect(serveFor(dir, "ours")).toEqual({ kind: "taken", by: "theirs" });
  other.release();
});

test("a directory that nobody has served, or the same Temporal, has no other before", () => {
  const dir = directory();
  const first = held(dir, "ours");
  first.release();
  const again = held(dir, "ours");
  expect([first.before, again.before]).toEqual([null, null]);
  again.release();
});
