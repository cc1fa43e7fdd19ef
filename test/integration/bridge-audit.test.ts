/** `dolphin archive audit` beside a running bridge: it writes nothing, and asks the bridge for what is missing. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { dayFromMicros, MS_PER_DAY } from "../../src/domain/time.ts";
import { SCANS_RING } from "../../src/wire/scan-value.ts";
import { checkBooks, untilDone } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import { sendSignal, stateOf } from "../helpers/processes.ts";

const BRIDGE = resolve(import.meta.dirname, "../../src/services/scan-bridge/main.ts");
const FAILING_PUMP = resolve(import.meta.dirname, "../helpers/failing-pump.ts");
const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");
await untilDayLasts();
const dayAt = (offset: number) => dayFromMicros((Date.now() + offset * MS_PER_DAY) * 1_000);
const DAY = dayAt(0);
/** Older than what an audit takes for just arrived. */
const OLD_S = 20;
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-audit");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

const put = (site: Site, n: number) =>
  putFile(site.archive, `${DAY}/${scanName(n)}`, scanBytes(n), {
    mtimeS: Date.now() / 1_000 - OLD_S,
  });

type AuditRun = { readonly code: number; readonly said: string; readonly audit: AuditJson };
type AuditJson = {
  readonly ok: boolean;
  readonly first_day: string | null;
  readonly files_before_first_day: number;
  readonly ring: { readonly compared: number; readonly lacking: number[]; without_file: number };
  readonly total: { readonly pushed: number; readonly pending: number; readonly missing: number };
};

function audit(site: Site, ...options: string[]): Promise<AuditRun> {
  const env = { ...process.env, DOLPHIN_CONFIG: join(site.dir, "dolphin.yaml") };
  const args = [...NODE_FLAGS, MAIN, "archive", "audit", "--json", ...options];
  return new Promise((done) => {
    execFile(process.execPath, args, { env, cwd: site.dir }, (error, stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), said: stderr, audit: JSON.parse(stdout) });
    });
  });
}

test("an audit while Hazelcast is frozen takes nothing from the bridge, which goes on after it", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  for (let n = 1; n <= 3; n += 1) {
    put(site, n);
    await site.journaled(n);
  }
  // A member that is frozen before it has the last scan would delay the next one.
  await checkBooks(site, lab.cluster);
  sendSignal(lab.member().pid, "SIGSTOP");
  try {
    put(site, 4);
    await until("seq 4 is ahead", () => site.readJournal((journal) => journal.aheadOfOwner()));
    put(site, 5);
    const { code, audit: found } = await audit(site, "--no-repair");
    expect([code, found.total]).toMatchObject([2, { pushed: 3, pending: 1, missing: 1 }]);
    const repairing = audit(site);
    await bridge.saidInLog("asked to check every file again");
    expect(site.readJournal((journal) => [journal.lastSeq(), journal.aheadOfOwner()?.seq])).toEqual(
      [3, 4],
    );
    sendSignal(lab.member().pid, "SIGCONT");
    expect(await repairing).toMatchObject({ code: 0, audit: { ok: true } });
  } finally {
    sendSignal(lab.member().pid, "SIGCONT");
  }
  put(site, 6);
  await site.journaled(6);
  expect(bridge.isGone()).toBe(false);
  await checkBooks(site, lab.cluster);
  expect(await audit(site)).toMatchObject({ code: 0, audit: { ok: true } });
});

test("what the bridge no longer knows is listed again when an audit asks; without a bridge it says so", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  put(site, 1);
  await site.journaled(1);
  expect(statSync(join(site.data, "control", "scan-bridge.sock")).mode & 0o777).toBe(0o600);
  // A row that is gone from the journal: its file is known to no listing as new.
  const journal = new Database(site.journalFile);
  journal.exec("DELETE FROM files");
  journal.close();
  const repaired = await audit(site);
  expect(repaired).toMatchObject({ code: 0, audit: { ok: true } });
  await bridge.stop();
  put(site, 2);
  const alone = await audit(site);
  expect(alone).toMatchObject({ code: 2, audit: { total: { missing: 1 } } });
  expect(alone.said).toContain(
    "no bridge runs on this data directory: the next one that starts pushes them",
  );
  await site.start();
  await site.journaled(2);
  expect(await audit(site, "--no-repair")).toMatchObject({ code: 0, audit: { ok: true } });
});

test("folders of days to come hide nothing of today, and what lies before the first day is counted", async () => {
  const site = await lab.site();
  for (const n of [101, 102]) putFile(site.archive, `${dayAt(-3)}/${scanName(n)}`, scanBytes(n));
  put(site, 1);
  mkdirSync(join(site.archive, dayAt(1)));
  const bridge = await site.start({ yaml: ["scan_bridge: { watch: poll, reconcile_s: 0.3 }"] });
  await site.journaled(1);
  putFile(site.archive, `${dayAt(2)}/${scanName(2)}`, scanBytes(2));
  await site.journaled(2);
  for (let n = 3; n <= 5; n += 1) {
    put(site, n);
    await site.journaled(n);
  }
  await bridge.beatWhere("older files are told", ({ counters }) => {
    return counters["files_before_first_day"] === 2;
  });
  const { code, audit: found } = await audit(site);
  expect([code, found]).toMatchObject([0, { first_day: DAY, files_before_first_day: 2 }]);
});

test("a row of something else in the journal ends the bridge with a sentence", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  put(site, 1);
  await site.journaled(1);
  await checkBooks(site, lab.cluster);
  sendSignal(lab.member().pid, "SIGSTOP");
  try {
    put(site, 2);
    await until("seq 2 is ahead", () => site.readJournal((journal) => journal.aheadOfOwner()));
    const stranger = new Database(site.journalFile);
    stranger.exec(`INSERT INTO scans SELECT 2, epoch, '${DAY}/stranger.arrow', randomblob(32), 0,
      scan_number, size, mtime_us, time_us, flags, pushed_us, crc FROM scans WHERE seq = 1`);
    stranger.close();
  } finally {
    sendSignal(lab.member().pid, "SIGCONT");
  }
  expect((await bridge.exited).code).toBe(1);
  expect(bridge.messages().join("\n")).toContain("something else has written to it");
});

test("a member that dies between a commit and its ringbuffer entry is filled with that scan, too", async () => {
  const site = await lab.site();
  await (await site.start()).kill();
  const bridge = spawn(process.execPath, [...NODE_FLAGS, BRIDGE, FAILING_PUMP], {
    stdio: "ignore",
    env: {
      ...process.env,
      DOLPHIN_CONFIG: join(site.dir, "dolphin.yaml"),
      TEST_STEP: "claimed",
      TEST_TIMES: "3",
      TEST_SIGNAL: "SIGSTOP",
    },
  });
  const exited = once(bridge, "exit");
  try {
    for (let n = 1; n <= 2; n += 1) {
      put(site, n);
      await site.journaled(n);
    }
    put(site, 3);
    await until("the bridge stopped before the ringbuffer", () => stateOf(bridge.pid) === "T");
    await lab.replaceMember(async () => {});
    bridge.kill("SIGCONT");
    await until("latest is told again", async () => (await lab.cluster.latest())?.seq === 3);
    put(site, 4);
    await site.journaled(4);
    await checkBooks(site, lab.cluster);
  } finally {
    bridge.kill("SIGKILL");
    await exited;
  }
});

test("a ringbuffer lost while the bridge runs is filled again when an audit asks", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  for (let n = 1; n <= 3; n += 1) {
    put(site, n);
    await site.journaled(n);
  }
  await untilDone(site, lab.cluster);
  await (await lab.cluster.client.getRingbuffer(SCANS_RING)).destroy();
  put(site, 4);
  await site.journaled(4);
  await untilDone(site, lab.cluster);
  const run = await audit(site, "--no-repair");
  expect(run).toMatchObject({ code: 2, audit: { ring: { ranges: [{ from: 1, to: 3 }] } } });
  expect(run.said).toContain("the ringbuffer lacks seq 1-3 (3 in all)");
  expect(await audit(site)).toMatchObject({ code: 0, audit: { ok: true, ring: { lacks: 0 } } });
  expect((await lab.cluster.ring()).map(({ seq }) => seq).slice(-4)).toEqual([1, 2, 3, 4]);
  expect(bridge.isGone()).toBe(false);
});

test("an audit reports what the ringbuffer lacks, and what nobody can restore", async () => {
  const site = await lab.site();
  const bridge = await site.start();
  for (let n = 1; n <= 4; n += 1) {
    put(site, n);
    await site.journaled(n);
  }
  await checkBooks(site, lab.cluster);
  expect((await audit(site)).audit.ring).toEqual({
    compared: 4,
    lacking: [],
    lacks: 0,
    ranges: [],
    without_file: 0,
    detail: null,
  });
  await bridge.kill();
  const texts = (await lab.cluster.ring()).map((value) => JSON.stringify(value));
  const old = await lab.cluster.client.getRingbuffer(SCANS_RING);
  await old.destroy();
  const ring = await lab.cluster.client.getRingbuffer<string>(SCANS_RING);
  await ring.addAll(texts.filter((_, at) => at === 0 || at === 3));
  rmSync(join(site.archive, DAY, scanName(2)));
  const { code, said, audit: found } = await audit(site);
  expect([code, found.ring]).toMatchObject([2, { compared: 4, lacking: [3], without_file: 1 }]);
  expect(said).toContain("the ringbuffer lacks seq 3");
});
