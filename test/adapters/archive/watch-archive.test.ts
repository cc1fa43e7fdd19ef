import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ArchiveWatch, watchArchive } from "../../../src/adapters/archive/watch-archive.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const DAY = "2026-03-25";
let dir = "";
let watch: ArchiveWatch;
let names: string[] = [];
let roots = 0;
beforeEach(() => {
  dir = makeTemporaryDirectory("watch");
  names = [];
  roots = 0;
  watch = watchArchive(dir, {
    onName: (day, name) => names.push(`${day}/${name}`),
    onRoot: () => (roots += 1),
  });
});
afterEach(() => {
  watch.close();
  removeTemporaryDirectory(dir);
});

async function checkWithin(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 4_000;
  while (!condition()) {
    if (endMs < performance.now()) throw new Error(`not told: ${names.join(" ")}, ${roots}`);
    await delay(5);
  }
}

test("names in watched days and new folders in the root are told", async () => {
  mkdirSync(join(dir, DAY));
  expect(watch.watchDays([DAY, "2026-03-26"])).toEqual([DAY]);
  expect(watch.watchDays([DAY])).toEqual([]);
  writeFileSync(join(dir, DAY, ".a.tmp"), "");
  renameSync(join(dir, DAY, ".a.tmp"), join(dir, DAY, "a.arrow"));
  await checkWithin(() => names.includes(`${DAY}/a.arrow`));
  mkdirSync(join(dir, "2026-03-26"));
  await checkWithin(() => 0 < roots);
  expect(watch.watchDays([DAY, "2026-03-26"])).toEqual(["2026-03-26"]);
});

test("a folder replaced under its name is watched anew", async () => {
  mkdirSync(join(dir, DAY));
  watch.watchDays([DAY]);
  renameSync(join(dir, DAY), join(dir, "away"));
  mkdirSync(join(dir, DAY));
  expect(watch.watchDays([DAY])).toEqual([DAY]);
  writeFileSync(join(dir, DAY, "new.arrow"), "");
  await checkWithin(() => names.includes(`${DAY}/new.arrow`));
});

test("a day that is gone is dropped, and one that is not asked for any more", async () => {
  mkdirSync(join(dir, DAY));
  mkdirSync(join(dir, "2026-03-26"));
  watch.watchDays([DAY, "2026-03-26"]);
  rmSync(join(dir, DAY), { recursive: true });
  expect(watch.watchDays([DAY, "2026-03-26"])).toEqual([]);
  mkdirSync(join(dir, DAY));
  expect(watch.watchDays([DAY])).toEqual([DAY]);
  writeFileSync(join(dir, "2026-03-26", "unheard.arrow"), "");
  writeFileSync(join(dir, DAY, "heard.arrow"), "");
  await checkWithin(() => names.includes(`${DAY}/heard.arrow`));
  expect(names).not.toContain("2026-03-26/unheard.arrow");
});
