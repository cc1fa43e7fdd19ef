/** A layer that keeps a book is served from one data directory at a time. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Layer } from "../../../src/domain/supervision/services.ts";
import {
  directoryIdentity,
  type PlaceWorld,
  rememberPolls,
  whoStays,
  whyNotHere,
  workerIdentity,
} from "../../../src/operations/declared/one-place.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const dir = makeTemporaryDirectory("one-place");
afterAll(() => removeTemporaryDirectory(dir));

/** Names begin so that the order of places is known. */
const [HERE, THERE] = ["b".repeat(12), "a".repeat(12)];

function worldOf(
  polling: readonly string[],
  more: Partial<PlaceWorld> = {},
): PlaceWorld & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    layers: ["trader", "scan"],
    place: HERE,
    doBooksMove: false,
    patienceMs: 0,
    pollsOn: async (layer) =>
      (layer === "trader" ? polling : [`${layer}/${THERE}@b#2`]).map((identity) => ({
        identity,
        atMs: 1_000,
      })),
    memory: rememberPolls(),
    tell: (line) => void lines.push(line),
    stop: AbortSignal.timeout(60_000),
    lines,
    ...more,
  };
}

describe("a worker of a layer that keeps a book", () => {
  test.each<[string, readonly string[], readonly Layer[]]>([
    ["nobody else serves", [], ["trader"]],
    ["one of the same directory serves, too", [workerIdentity("trader", HERE, "@c#3")], ["trader"]],
    ["an older one, which tells no place, serves", ["trader@b#2"], ["trader"]],
    ["what is served elsewhere keeps no book", [], ["scan", "health", "batch"]],
  ])("starts where %s", async (_, polling, layers) => {
    expect(await whyNotHere(worldOf(polling, { layers }))).toBeNull();
  });

  test("is refused where another directory serves, and books stay where they are", async () => {
    const other = workerIdentity("trader", THERE, "@b#2");
    const why = await whyNotHere(worldOf([other]));
    expect(why).toContain(`${other} serves these books from another data directory`);
    expect(why).toContain("journal.postgres_secret_url");
  });

  test("waits until asked to stop where books move with their Postgres", async () => {
    const stop = AbortSignal.timeout(1);
    const other = workerIdentity("trader", THERE, "@b#2");
    const world = worldOf([other], { doBooksMove: true, stop });
    expect(await whyNotHere(world)).toBeNull();
    expect(world.lines).toEqual([expect.stringContaining("waits until it is gone")]);
  });
});

test("a worker that ended is known by polls that are not renewed, however far its server's clock is ahead", () => {
  const memory = rememberPolls();
  const aheadMs = 3_600_000;
  const [ended, lives] = ["trader/a@a#1", "trader/a@b#2"];
  const living = (nowMs: number) =>
    memory.living(
      [
        { identity: ended, atMs: aheadMs },
        { identity: lives, atMs: aheadMs + Math.floor(nowMs / 60_000) * 60_000 },
      ],
      nowMs,
    );
  expect(living(0)).toEqual([ended, lives]);
  // One look late, as a poll may be.
  expect(living(70_000)).toEqual([ended, lives]);
  // Before the patience of a worker that waits is over.
  expect(living(80_000)).toEqual([lives]);
  expect(living(600_000)).toEqual([lives]);
});

test("of two that serve from two directories one yields, and it is the same for both", () => {
  const [here, there] = [HERE, THERE].map((place) => workerIdentity("trader", place, "@a#1"));
  expect([whoStays([there!], HERE), whoStays([here!], THERE)]).toEqual([there, null]);
});

test("a copy of a data directory is another place, and a second name of it is not", () => {
  const [one, copy] = [join(dir, "one"), join(dir, "copy")];
  mkdirSync(one);
  cpSync(one, copy, { recursive: true });
  expect(directoryIdentity(join(one, "."))).toBe(directoryIdentity(one));
  expect(directoryIdentity(copy)).not.toBe(directoryIdentity(one));
});
