/** All workers of a data directory serve one Temporal at a time. */
import { expect, onTestFinished, test } from "vitest";
import { isServed, serveFor } from "../../../src/adapters/files/served-by.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

function directory(): string {
  const dir = makeTemporaryDirectory("served-by");
  onTestFinished(() => removeTemporaryDirectory(dir));
  return dir;
}

const at = (id: string, place = `${id}:7233`) => ({ id, place });

function held(dir: string, id: string, place?: string) {
  const served = serveFor(dir, at(id, place));
  if (served.kind !== "held") throw new Error(`held by ${served.by}`);
  return served;
}

test("workers of one Temporal serve side by side, and those of another are refused until the last has gone", () => {
  const dir = directory();
  expect(isServed(dir)).toBe(false);
  const [one, two] = [held(dir, "ours"), held(dir, "ours")];
  expect(serveFor(dir, at("theirs"))).toEqual({ kind: "taken", by: "ours" });
  one.release();
  expect([isServed(dir), serveFor(dir, at("theirs")).kind]).toEqual([true, "taken"]);
  two.release();
  expect(isServed(dir)).toBe(false);
  const other = held(dir, "theirs");
  expect(other.before).toBe("ours");
  expect(serveFor(dir, at("ours"))).toEqual({ kind: "taken", by: "theirs" });
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

test("a server that lost its database is the same one: a worker that is started beside the others is not refused", () => {
  const dir = directory();
  const [one, two] = [held(dir, "ours"), held(dir, "ours")];
  two.release();
  const again = held(dir, "renewed", "ours:7233");
  expect(again.before).toBe("ours");
  expect(serveFor(dir, at("theirs")).kind).toBe("taken");
  one.release();
  again.release();
  expect(held(dir, "renewed", "ours:7233").before).toBe("ours");
});
