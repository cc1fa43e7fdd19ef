import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ArchiveWatch, watchArchive } from "../../../src/adapters/archive/watch-archive.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { spawnSync } from "../../helpers/run-program.ts";

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

async function untilTrue(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!condition()) {
    if (endMs < performance.now()) throw new Error(`not told: ${names.join(" ")}, ${roots}`);
    await delay(5);
  }
}

test("names in watched days and new folders in the root are reported", async () => {
  mkdirSync(join(dir, DAY));
  expect(watch.watchDays([DAY, "2026-03-26"])).toEqual([DAY]);
  expect(watch.watchDays([DAY])).toEqual([]);
  writeFileSync(join(dir, DAY, ".a.tmp"), "");
  renameSync(join(dir, DAY, ".a.tmp"), join(dir, DAY, "a.arrow"));
  await untilTrue(() => names.includes(`${DAY}/a.arrow`));
  mkdirSync(join(dir, "2026-03-26"));
  await untilTrue(() => 0 < roots);
  expect(watch.watchDays([DAY, "2026-03-26"])).toEqual(["2026-03-26"]);
});

test("a folder replaced under its name is watched again", async () => {
  mkdirSync(join(dir, DAY));
  watch.watchDays([DAY]);
  renameSync(join(dir, DAY), join(dir, "away"));
  mkdirSync(join(dir, DAY));
  expect(watch.watchDays([DAY])).toEqual([DAY]);
  writeFileSync(join(dir, DAY, "new.arrow"), "");
  await untilTrue(() => names.includes(`${DAY}/new.arrow`));
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
  await untilTrue(() => names.includes(`${DAY}/heard.arrow`));
  expect(names).not.toContain("2026-03-26/unheard.arrow");
});

test("what is staged in the root is no day; days that come and go are reported at a limited rate", async () => {
  watch.watchDays([]);
  for (let at = 0; at < 50; at++) {
    writeFileSync(join(dir, `.${at}.tmp`), "");
    rmSync(join(dir, `.${at}.tmp`));
  }
  mkdirSync(join(dir, DAY));
  await untilTrue(() => roots === 1);
  const startedMs = performance.now();
  for (let at = 0; at < 50; at++) {
    mkdirSync(join(dir, "2026-03-26"));
    rmSync(join(dir, "2026-03-26"), { recursive: true });
  }
  // The last of them is not forgotten.
  await untilTrue(() => 1 < roots);
  const quartersS = (performance.now() - startedMs) / 250;
  expect(roots).toBeLessThanOrEqual(2 + quartersS);
});

const WITHOUT_INOTIFY = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"';

test("a limit of the kernel that leaves no events is named", (context) => {
  mkdirSync(join(dir, DAY));
  const module = join(import.meta.dirname, "../../../src/adapters/archive/watch-archive.ts");
  const program = `
    const { watchArchive } = await import(${JSON.stringify(module)});
    const watch = watchArchive(${JSON.stringify(dir)}, { onName() {}, onRoot() {} });
    console.log(JSON.stringify([watch.watchDays(["${DAY}"]), watch.shortOf()]));`;
  const node = [process.execPath, "--input-type=module", "--eval", program];
  const unshare = ["--user", "--map-root-user", "sh", "-c", WITHOUT_INOTIFY, "sh"];
  const probe = spawnSync("unshare", [...unshare, "true"]);
  if (probe.status !== 0) return context.skip("nobody may limit inotify here");
  const { stdout } = spawnSync("unshare", [...unshare, ...node], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toEqual([[], "fs.inotify.max_user_instances"]);
});
