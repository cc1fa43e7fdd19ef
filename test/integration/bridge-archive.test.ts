/** The bridge on an archive that hangs, is slow, fails, denies access, disappears and comes back. */
import { chmodSync, chownSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { mountShare, type RemoteShare } from "../helpers/faults/remote-share.ts";
import { mountSmallDisk, type SmallDisk } from "../helpers/faults/small-disk.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const DAY = "2026-03-25";
const NEXT_DAY = "2026-03-26";
const NO_SHARE = "this machine lets nobody mount FUSE";
const LONG = process.env["LONG_FAULTS"] !== undefined;
const EIO = 5;
const NOBODY = 65_534;
let lab: Lab;
let mounted: { unmount(): void | Promise<void> }[] = [];
beforeAll(async () => {
  lab = await openLab("bridge-archive");
});
afterEach(async () => {
  // First, or a process stuck in the kernel would not end.
  for (const each of mounted) await each.unmount();
  mounted = [];
  await lab.stopBridges();
});
afterAll(() => lab.close());

test.for(LONG ? (["read", "open", "lookup", "readdir"] as const) : (["read", "readdir"] as const))(
  "an archive that hangs on %s is reported, and the bridge recovers by itself",
  async (operation, context) => {
    const shared = await openShare();
    if (shared === null) return context.skip(NO_SHARE);
    const { site, share, backing } = shared;
    const bridge = await site.start();
    putFile(backing, `${DAY}/${scanName(1)}`, scanBytes(1));
    await site.journaled(1);
    await share.hang(operation);
    putFile(backing, `${DAY}/${scanName(2)}`, scanBytes(2));
    await share.untilAsked();
    const hung = await bridge.beatWhere(
      "the archive hangs",
      ({ state, facts }) => state === "archive hung" && facts?.dependencies["archive"] === "hung",
    );
    await bridge.saidInLog("archive hung");
    // It goes on beating, and nothing else is said as long as it hangs.
    const from = bridge.beats.indexOf(hung);
    await until("two beats more", () => from + 2 < bridge.beats.length);
    expect(bridge.beats.slice(from).every(({ state }) => state === "archive hung")).toBe(true);
    await share.answer();
    await site.journaled(2);
    await bridge.beatWhere("all is well", ({ state }) => state === "running");
    expect(bridge.isGone()).toBe(false);
    await checkBooks(site, lab.cluster);
  },
);

test("a bridge asked to stop while the archive hangs ends, though nothing ever comes back from there", async (context) => {
  const shared = await openShare();
  if (shared === null) return context.skip(NO_SHARE);
  const { site, share, backing } = shared;
  const bridge = await site.start();
  putFile(backing, `${DAY}/${scanName(1)}`, scanBytes(1));
  await site.journaled(1);
  share.freeze();
  await bridge.beatWhere("the archive hangs", ({ state }) => state === "archive hung");
  await bridge.stop();
  share.thaw();
  putFile(backing, `${DAY}/${scanName(2)}`, scanBytes(2));
  await site.start();
  await site.journaled(2);
  await checkBooks(site, lab.cluster);
});

test("a slow share is no hung one: nothing is lost and nothing is alarmed", async (context) => {
  const shared = await openShare();
  if (shared === null) return context.skip(NO_SHARE);
  const { site, share, backing } = shared;
  // Listing takes longer than a hung archive takes to be noticed.
  putBacklog(backing, DAY, { from: 1, to: 270 });
  await share.slow("lookup", 10);
  const bridge = await site.start();
  await site.journaled(1);
  await share.slow("lookup", 0);
  await site.journaled(270);
  await share.slow("read", 400);
  for (let scanNumber = 271; scanNumber <= 274; scanNumber++) {
    putFile(backing, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  }
  await site.journaled(274);
  expect(bridge.beats.filter(({ facts }) => facts?.dependencies["archive"] === "hung")).toEqual([]);
  await share.answer();
  await checkBooks(site, lab.cluster);
  expect(bridge.messages().filter((line) => line.includes("hung"))).toEqual([]);
});

test.for(["read", "open", "lookup", "readdir"] as const)(
  "one I/O error on %s costs a moment, and no scan",
  async (operation, context) => {
    const shared = await openShare();
    if (shared === null) return context.skip(NO_SHARE);
    const { site, share, backing } = shared;
    await site.start();
    putFile(backing, `${DAY}/${scanName(1)}`, scanBytes(1));
    await site.journaled(1);
    await share.fail(operation, EIO, 1);
    putFile(backing, `${DAY}/${scanName(2)}`, scanBytes(2));
    await site.journaled(2);
    await checkBooks(site, lab.cluster);
    expect(site.readJournal((journal) => journal.counts().quarantined)).toBe(0);
  },
);

test("files and folders without permission are reported once, and read when they may be", async () => {
  const site = await lab.site();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const dir of [site.dir, site.data]) chownSync(dir, NOBODY, NOBODY);
  if (isRoot) chmodSync(lab.dir, 0o755);
  const forbidden = join(site.archive, DAY, "forbidden.arrow");
  putFile(site.archive, `${DAY}/forbidden.arrow`, scanBytes(1));
  chmodSync(forbidden, 0o000);
  mkdirSync(join(site.archive, "2026-03-24"));
  chmodSync(join(site.archive, "2026-03-24"), 0o000);
  const bridge = await site.start({
    yaml: [`scan_bridge: { reconcile_s: 0.2, since: 2026-03-24 }`],
    // Root reads whatever the mode says.
    wrapper: isRoot ? ["setpriv", `--reuid=${NOBODY}`, "--clear-groups"] : [],
  });
  putFile(site.archive, `${DAY}/${scanName(2)}`, scanBytes(2));
  await site.journaled(1);
  await until("it is quarantined", () => {
    const verdict = site.verdict(`${DAY}/forbidden.arrow`);
    return verdict?.kind === "quarantined" && verdict.reason === "unreadable";
  });
  await bridge.beatWhere(
    "the folder is told",
    ({ facts }) => facts?.dependencies["archive"] === "error",
  );
  // Another four beats, with a dozen rounds.
  const from = bridge.beats.length;
  await until("it went on", () => from + 4 <= bridge.beats.length);
  const warnings = bridge.messages().filter((line) => /quarantined|cannot be listed/.test(line));
  expect(warnings).toHaveLength(2);
  expect(bridge.beat()?.counters["quarantined"]).toBe(1);
  chmodSync(forbidden, 0o644);
  await site.journaled(2);
  chmodSync(join(site.archive, "2026-03-24"), 0o755);
  putFile(site.archive, "2026-03-24/a.arrow", scanBytes(3));
  await site.journaled(3);
  await bridge.beatWhere("all is well", ({ facts }) => facts?.dependencies["archive"] === "ok");
  // The root can be listed, and nothing in it can be asked: the mount's fault, no silent upstream.
  chmodSync(site.archive, 0o744);
  await bridge.beatWhere(
    "the archive is told",
    ({ facts }) => facts?.dependencies["archive"] === "error",
  );
  chmodSync(site.archive, 0o755);
  await bridge.beatWhere(
    "all is well again",
    ({ facts }) => facts?.dependencies["archive"] === "ok",
  );
  await checkBooks(site, lab.cluster);
});

test("an archive that is created late, moved away, mounted over and back", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  await bridge.beatWhere("no archive", ({ state, facts }) => {
    return state === "waiting: archive" && facts?.dependencies["archive"] === "missing";
  });
  putFile(site.archive, `${DAY}/${scanName(1)}`, scanBytes(1));
  await site.journaled(1);
  renameSync(site.archive, `${site.archive}-away`);
  await bridge.beatWhere("moved away", ({ state }) => state === "waiting: archive");
  putFile(`${site.archive}-away`, `${DAY}/${scanName(2)}`, scanBytes(2));
  renameSync(`${site.archive}-away`, site.archive);
  await site.journaled(2);
  const disk = keep(mountSmallDisk(site.archive, "1m"));
  if (disk !== null) {
    putFile(site.archive, `${DAY}/${scanName(3)}`, scanBytes(3));
    await site.journaled(3);
    // Another of the same name, and one of a new day, on the new disk.
    putFile(site.archive, `${NEXT_DAY}/${scanName(4)}`, scanBytes(4));
    await site.journaled(4);
    disk.unmount();
  }
  putFile(site.archive, `${NEXT_DAY}/${scanName(5)}`, scanBytes(5));
  await until("the newest is pushed", () => site.verdict(`${NEXT_DAY}/${scanName(5)}`) !== null);
  putFile(site.archive, `${NEXT_DAY}/${scanName(6)}`, scanBytes(6));
  await until("and goes on", () => site.verdict(`${NEXT_DAY}/${scanName(6)}`) !== null);
  await checkBooks(site, lab.cluster);
  expect(bridge.isGone()).toBe(false);
});

test("a day begins: its folder and its first scan appear at once", async () => {
  const site = await lab.site();
  const bridge = await site.start({ yaml: ["scan_bridge: { reconcile_s: 10 }"] });
  putFile(site.archive, `2025-12-31/${scanName(1)}`, scanBytes(1));
  await site.journaled(1);
  for (const [at, day] of ["2026-01-01", "2026-02-28", "2026-03-01", "2028-02-29"].entries()) {
    const away = join(site.dir, `away-${at}`);
    mkdirSync(away);
    writeFileSync(join(away, scanName(at + 2)), scanBytes(at + 2));
    renameSync(away, join(site.archive, day));
    await site.journaled(at + 2);
  }
  // The day before still counts.
  putFile(site.archive, `2028-02-28/${scanName(6)}`, scanBytes(6));
  await site.journaled(6);
  const { scans } = await checkBooks(site, lab.cluster);
  // The first may have been there when the bridge listed the archive for the first time.
  expect(scans.slice(1).filter(({ replayed, late }) => replayed || late)).toEqual([]);
  expect(bridge.isGone()).toBe(false);
});

async function openShare(): Promise<{ site: Site; share: RemoteShare; backing: string } | null> {
  const site = await lab.site();
  const backing = join(site.dir, "backing");
  const share = await mountShare(backing, site.archive);
  if (share === null) return null;
  mounted.push(share);
  return { site, share, backing };
}

function keep(disk: SmallDisk | null): SmallDisk | null {
  if (disk !== null) mounted.push(disk);
  return disk;
}
