/** The bridge with a journal that is full, torn, damaged, lost or another's, and with an emptied Hazelcast. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { hashOf } from "../../src/wire/scan-hash.ts";
import {
  CHECKPOINT_KEY,
  DONE_MAP,
  encodeCheckpoint,
  encodeDone,
  HEARTBEAT_MAP,
} from "../../src/wire/scan-value.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { mountSmallDisk, type SmallDisk } from "../helpers/faults/small-disk.ts";
import { putBacklog, putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import { spawnSync } from "../helpers/run-program.ts";

const DAY = "2026-03-25";
/** The long form is more than a rebuild can hold in memory at once. */
const DONE_FILES = process.env["LONG_FAULTS"] === undefined ? 40_000 : 150_000;
const NO_MOUNT = "this machine lets nobody mount a small file system";
let lab: Lab;
let disks: SmallDisk[] = [];
beforeAll(async () => {
  lab = await openLab("bridge-journal");
});
afterEach(async () => {
  await lab.stopBridges();
  for (const disk of disks) disk.unmount();
  disks = [];
});
afterAll(() => lab.close());

test("a full disk stops the pushing, is reported, and loses nothing", async (context) => {
  const site = await lab.site();
  const disk = mountDisk(join(site.data, "journal"), "600k");
  if (disk === null) return context.skip(NO_MOUNT);
  const bridge = await site.start();
  putLive(site, 1, 3);
  await site.journaled(3);
  disk.fill();
  putLive(site, 4, 60);
  await bridge.beatWhere("the journal is full", (beat) =>
    beat.state.startsWith("waiting: journal"),
  );
  await bridge.saidInLog("nothing is pushed until this is repaired");
  const stuckAt = site.lastSeq();
  // One scan may stand in the slot alone, whose room was taken beforehand.
  expect([stuckAt, stuckAt + 1]).toContain((await lab.cluster.latest())?.seq);
  disk.free();
  await site.journaled(60);
  await bridge.saidInLog("the journal can be written again");
  await checkBooks(site, lab.cluster);
  expect(bridge.isGone()).toBe(false);
});

test("a row that found the disk full is written when it may, and that is reported without another scan", async (context) => {
  const site = await lab.site();
  const disk = mountDisk(join(site.data, "journal"), "600k");
  if (disk === null) return context.skip(NO_MOUNT);
  const bridge = await site.start();
  putLive(site, 1, 3);
  await site.journaled(3);
  disk.fill();
  putLive(site, 4, 4);
  await bridge.beatWhere("it waits", ({ state }) => state.startsWith("waiting: journal"));
  disk.free();
  await site.journaled(4);
  await bridge.saidInLog("the journal can be written again");
  await until("it runs", () => bridge.beat()?.state === "running");
  await checkBooks(site, lab.cluster);
});

test.for(["EIO", "EROFS"])(
  "a disk that answers %s stops the pushing until it is well",
  async (code, context) => {
    const site = await lab.site();
    const bridge = await site.start();
    putLive(site, 1, 3);
    await site.journaled(3);
    const tracer = await injectWriteError(bridge.pid, code);
    if (tracer === null) return context.skip("strace does not work here");
    putLive(site, 4, 10);
    await bridge.beatWhere("it waits", ({ state }) => state.startsWith("waiting: journal"));
    expect((await lab.cluster.latest())?.seq).toBe(3);
    const ended = once(tracer, "exit");
    tracer.kill("SIGTERM");
    await ended;
    await site.journaled(10);
    await checkBooks(site, lab.cluster);
    expect(bridge.isGone()).toBe(false);
  },
);

test.for(["full", "read-only"])(
  "a bridge that starts on a %s disk is ready, waits, says so, and goes on by itself",
  async (what, context) => {
    const site = await lab.site();
    const disk = mountDisk(join(site.data, "journal"), "600k");
    if (disk === null) return context.skip(NO_MOUNT);
    if (what === "full") disk.fill();
    else disk.remount("ro");
    putLive(site, 1, 5);
    const bridge = site.spawn();
    await bridge.ready;
    await bridge.saidInLog("journal");
    // Longer than a hung archive takes to be noticed.
    await until("seven beats", () => 7 <= bridge.beats.length);
    expect(new Set(bridge.beats.map(({ state }) => state))).not.toContain("archive hung");
    expect(bridge.beat()?.state).toContain("waiting: journal");
    // For a status request while Temporal is away.
    await until("its heartbeat says so", async () => {
      const heartbeats = await lab.cluster.client.getMap<string, string>(HEARTBEAT_MAP);
      const text = (await heartbeats.get("scan-bridge")) ?? "";
      return text.includes(`"pid":${bridge.pid},`) && text.includes('"state":"waiting: journal');
    });
    if (what === "full") disk.free();
    else disk.remount("rw");
    await site.journaled(5);
    await checkBooks(site, lab.cluster);
    expect(bridge.isGone()).toBe(false);
  },
);

test("a full disk for the logs costs log lines, and no scan", async (context) => {
  const site = await lab.site();
  const disk = mountDisk(join(site.data, "logs"), "64k");
  if (disk === null) return context.skip(NO_MOUNT);
  disk.fill();
  const bridge = await site.start();
  putLive(site, 1, 40);
  await site.journaled(40);
  await checkBooks(site, lab.cluster);
  await bridge.beatWhere("lines were lost", ({ counters }) => 0 < Number(counters["log_dropped"]));
  disk.free();
  putFile(site.archive, `${DAY}/bad.arrow`, Buffer.from("no scan"));
  await bridge.saidInLog("quarantined");
  await bridge.saidInLog("lines lost");
});

test("no descriptors left: nothing is lost, and the bridge stays", async (context) => {
  const site = await lab.site();
  const bridge = await site.start();
  putLive(site, 1, 3);
  await site.journaled(3);
  const limit = (soft: string) =>
    spawnSync("prlimit", ["--pid", String(bridge.pid), `--nofile=${soft}:`]).status === 0;
  if (!limit("10")) return context.skip("prlimit does not work here");
  putLive(site, 4, 20);
  await bridge.saidInLog("EMFILE");
  limit("1024");
  await site.journaled(20);
  await checkBooks(site, lab.cluster);
  expect(bridge.isGone()).toBe(false);
  expect(site.readJournal((journal) => journal.counts().quarantined)).toBe(0);
});

test("a log torn at any place gives no scan a second seq", async () => {
  const site = await lab.site();
  const random = seededRandom(27);
  for (let round = 0; round < 6; round++) {
    const bridge = await site.start();
    putLive(site, round * 10 + 1, round * 10 + 10);
    await until("all are committed", async () => {
      return (await lab.cluster.latest())?.seq === round * 10 + 10;
    });
    await bridge.kill();
    const log = `${site.journalFile}-wal`;
    truncateSync(log, Math.floor(random.uniform() * statSync(log).size));
  }
  await site.start();
  putLive(site, 61, 62);
  await until("the last is committed", async () => 62 <= ((await lab.cluster.latest())?.seq ?? 0));
  await checkBooks(site, lab.cluster);
  expect(site.lastSeq()).toBe(62);
});

test.each([
  ["its first page is garbage", (site: Site) => overwrite(site.journalFile, 0, 100)],
  ["an inner page is garbage", (site: Site) => overwrite(site.journalFile, 4_096, 4_096)],
  ["one byte of the newest row is flipped", flipNewestHash],
  ["it is empty", (site: Site) => truncateSync(site.journalFile, 0)],
  ["it is gone", (site: Site) => rmSync(dirname(site.journalFile), { recursive: true })],
])("rebuilt from Hazelcast when %s: same seqs", async (what, damage) => {
  const site = await lab.site();
  const first = await site.start();
  for (let scanNumber = 1; scanNumber <= 12; scanNumber++) {
    putLive(site, scanNumber, scanNumber);
    await site.journaled(scanNumber);
  }
  await until("all are committed", async () => (await lab.cluster.latest())?.seq === 12);
  // Killed at once, Hazelcast does not have the last ones as done; a clean end writes the pages.
  if (what === "it is gone") await first.kill();
  else await first.stop();
  damage(site);
  putLive(site, 13, 14);
  let bridge = site.spawn();
  const isJournaled = async (seq: number) => {
    // A row found to be damaged, whenever that is, ends the process; the next start rebuilds.
    if (bridge.isGone()) bridge = await site.start();
    return seq <= site.lastSeq();
  };
  await until("what came meanwhile is in the journal", () => isJournaled(14));
  putLive(site, 15, 15);
  await until("and what comes then", () => isJournaled(15));
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ file }) => file)).toEqual(
    Array.from({ length: 15 }, (_, at) => `${DAY}/${scanName(at + 1)}`),
  );
  expect(bridge.isGone()).toBe(false);
  if (what === "it is gone" || what === "it is empty") return;
  const aside = readdirSync(dirname(site.journalFile)).filter((name) => name.includes("corrupt"));
  expect(aside.length).toBeGreaterThan(0);
});

test(`a journal lost after ${DONE_FILES} scans, and its rebuild killed: nothing is given twice`, async () => {
  const site = await lab.site();
  const done = await lab.cluster.client.getMap<string, string>(DONE_MAP);
  const fileOf = (seq: number) => `${DAY}/old_${seq}.arrow`;
  const bytes = scanBytes(7);
  for (let from = 1; from <= DONE_FILES; from += 10_000) {
    const seqs = Array.from({ length: 10_000 }, (_, at) => from + at);
    await done.putAll(seqs.map((seq) => [fileOf(seq), encodeDone({ seq, hash: hashFor(seq) })]));
  }
  // Of one the bytes are still there, under another name.
  await done.set(fileOf(5), encodeDone({ seq: 5, hash: hashOf(bytes).toString("hex") }));
  const seq = DONE_FILES;
  const batch = { epoch: 3, instance: "x", from: seq + 1, seq, files: [], late: [] };
  await (await lab.cluster.features()).set(CHECKPOINT_KEY, encodeCheckpoint(batch));
  putFile(site.archive, `${DAY}/renamed.arrow`, bytes);
  putFile(site.archive, `${DAY}/new.arrow`, scanBytes(8));
  // On a busy machine the rebuild may be over before the kill: then it is begun again.
  for (let rows = DONE_FILES; DONE_FILES <= rows;) {
    rmSync(dirname(site.journalFile), { recursive: true, force: true });
    const first = site.spawn();
    await until("the rebuild has begun", () => 1_000 < (site.readJournal(countRows) ?? 0));
    await first.kill();
    rows = site.readJournal(countRows) ?? 0;
  }
  const second = await site.start();
  await until("both have their verdict", () => {
    return ["renamed", "new"].every((name) => site.verdict(`${DAY}/${name}.arrow`) !== null);
  });
  expect(site.readJournal((journal) => journal.seqGaps())).toEqual([]);
  expect(site.verdict(`${DAY}/renamed.arrow`)).toEqual({ kind: "duplicate", seq: 5 });
  expect(site.verdict(`${DAY}/new.arrow`)).toEqual({ kind: "pushed", seq: seq + 1 });
  expect(second.beats.filter(({ state }) => state === "archive hung")).toEqual([]);
});

test("an older copy of the journal put back gives no scan a second seq", async () => {
  const site = await lab.site();
  const first = await site.start();
  putLive(site, 1, 5);
  await site.journaled(5);
  await first.stop();
  copyFileSync(site.journalFile, join(site.dir, "copy.db"));
  const second = await site.start();
  putLive(site, 6, 20);
  await site.journaled(20);
  await second.kill();
  rmSync(dirname(site.journalFile), { recursive: true });
  mkdirSync(dirname(site.journalFile));
  copyFileSync(join(site.dir, "copy.db"), site.journalFile);
  await site.start();
  putLive(site, 21, 22);
  await site.journaled(22);
  await checkBooks(site, lab.cluster);
  expect(site.lastSeq()).toBe(22);
});

test("a journal of a later version is refused and left as it is", async () => {
  const site = await lab.site();
  mkdirSync(dirname(site.journalFile), { recursive: true });
  const db = new Database(site.journalFile);
  db.pragma("user_version = 2");
  db.close();
  const before = readFileSync(site.journalFile);
  expect(await site.spawn().exited).toEqual({ code: 78, signal: null });
  expect(readFileSync(site.journalFile)).toEqual(before);
});

test("journal and Hazelcast alive: a restart publishes the same seq once, under the next epoch", async () => {
  const site = await lab.site();
  putBacklog(site.archive, DAY, { from: 1, to: 100 });
  const first = await site.start();
  await site.journaled(100);
  await checkBooks(site, lab.cluster);
  expect((await first.stop()).code).toBe(0);
  const before = await lab.cluster.latest();
  const received: unknown[] = [];
  const features = await lab.cluster.features();
  const listener = await features.addEntryListener(
    { updated: ({ value }) => void received.push(JSON.parse(String(value))) },
    "latest_eigen_scan",
    true,
  );
  await site.start();
  putLive(site, 101, 101);
  await until("the next scan is told", () => 2 <= received.length);
  await features.removeEntryListener(listener);
  const epoch = before!.epoch + 1;
  expect(received).toMatchObject([
    { seq: 100, epoch, scan_number: 100, replayed: true },
    { seq: 101, epoch, scan_number: 101 },
  ]);
  await checkBooks(site, lab.cluster);
});

function countRows(journal: ScanJournal): number {
  return journal.counts().pushed;
}

function hashFor(seq: number): string {
  return hashOf(Buffer.from(`old ${seq}`)).toString("hex");
}

/** Every write at a place in a file fails in this process, as long as the tracer lives. */
async function injectWriteError(pid: number, code: string): Promise<ChildProcess | null> {
  const what = ["--trace=pwrite64", `--inject=pwrite64:error=${code}`];
  const tracer = spawn("strace", ["-f", "-p", String(pid), ...what], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  tracer.stderr.on("data", (chunk) => (said += String(chunk)));
  const failed = once(tracer, "exit").then(
    () => null,
    () => null,
  );
  const attached = until("strace is attached", () => said.includes("attached")).then(() => tracer);
  attached.catch(() => {});
  return Promise.race([failed, attached]);
}

function mountDisk(path: string, size: string): SmallDisk | null {
  const disk = mountSmallDisk(path, size);
  if (disk !== null) disks.push(disk);
  return disk;
}

function putLive(site: Site, from: number, to: number): void {
  for (let scanNumber = from; scanNumber <= to; scanNumber++) {
    putFile(site.archive, `${DAY}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  }
}

function overwrite(path: string, offset: number, length: number): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, offset);
  closeSync(file);
}

function flipNewestHash(site: Site): void {
  const newest = site.readJournal((journal) => journal.scan(journal.lastSeq()));
  const at = readFileSync(site.journalFile).indexOf(newest!.hash);
  expect(at).toBeGreaterThan(0);
  overwrite(site.journalFile, at + 20, 1);
}

test.each(["removed", "replaced"])(
  "a journal %s under a running bridge ends it, and the next start goes on with the seqs",
  async (how) => {
    const site = await lab.site();
    const bridge = await site.start();
    for (let n = 1; n <= 3; n += 1) {
      putFile(site.archive, `${DAY}/${scanName(n)}`, scanBytes(n));
      await site.journaled(n);
    }
    const left = `${site.journalFile}.left`;
    if (how === "replaced") copyFileSync(site.journalFile, left);
    rmSync(site.journalFile);
    if (how === "replaced") renameSync(left, site.journalFile);
    expect((await bridge.exited).code).toBe(1);
    expect(bridge.messages().at(-1)).toContain("was removed or replaced while the bridge ran");
    await site.start();
    putFile(site.archive, `${DAY}/${scanName(4)}`, scanBytes(4));
    await site.journaled(4);
    await checkBooks(site, lab.cluster);
  },
);
