/** Hosts and journals that were away for longer than Hazelcast keeps the done files. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { dayFromMicros } from "../../src/domain/time.ts";
import { DONE_MAP, SCANS_RING } from "../../src/wire/scan-value.ts";
import { untilDone } from "../helpers/books.ts";
import { type Lab, openLab, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";
import { spawnSync } from "../helpers/run-program.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DAY_US = 86_400_000_000;
await untilDayLasts();
const STARTED_US = Date.now() * 1_000;
const daysAgo = (days: number) => dayFromMicros(STARTED_US - days * DAY_US);
const SCANS = 17;
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-away");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

type Away = { readonly first: Site; readonly second: Site };

test.for<[what: string, comeBack: (away: Away) => Site, yaml: string[]]>([
  ["a host was away", ({ first }) => first, []],
  ["an older copy of the journal is put back", restoreCopy, []],
  ["the journal is lost and `since` is configured", loseJournal, [`since: ${daysAgo(5)}`]],
])(
  "%s for longer than done files are kept: nothing is pushed twice",
  async ([, comeBack, more]) => {
    const first = await lab.site();
    const second = await lab.site({ archive: first.archive });
    const before = await first.start();
    await putAndAwait(first, { day: daysAgo(5), from: 1, to: 2 });
    await before.stop();
    const meanwhile = await second.start();
    await putAndAwait(second, { day: daysAgo(4), from: 3, to: 3 });
    await meanwhile.stop();
    copyFileSync(second.journalFile, join(second.dir, "copy.db"));
    const longer = await second.start();
    await putAndAwait(second, { day: daysAgo(4), from: 4, to: 12 });
    await putAndAwait(second, { day: daysAgo(0), from: 13, to: 14 });
    // A batch of its own: the checkpoint that stays names only these.
    await putAndAwait(second, { day: daysAgo(0), from: 15, to: SCANS });
    await until("all are told as done", async () => (await lab.cluster.done()).size === SCANS);
    await longer.stop();
    await forgetDoneBefore(daysAgo(3));

    const site = comeBack({ first, second });
    const yaml = `scan_bridge: { ${["reconcile_s: 0.3", ...more].join(", ")} }`;
    const bridge = await site.start({ yaml: [yaml] });
    await putAndAwait(site, { day: daysAgo(0), from: SCANS + 1, to: SCANS + 1 });
    const newest = `${daysAgo(0)}/${scanName(SCANS + 1)}`;
    await until("the newest has its verdict", () => site.verdict(newest));
    await untilDone(site, lab.cluster);
    expect(site.verdict(newest)).toEqual({ kind: "pushed", seq: SCANS + 1 });
    expect(site.lastSeq()).toBe(SCANS + 1);
    expect((await lab.cluster.latest())?.seq).toBe(SCANS + 1);
    await bridge.saidInLog(`days before ${daysAgo(2)} are not ours`);
    const audit = auditOf(site);
    expect(audit.stdout).toContain(`days before ${daysAgo(2)} are not ours`);
    expect(audit.stdout).toContain("nothing is missing");
    expect(audit.status).toBe(0);
  },
);

/** What three days do: done files expire, and the ringbuffer has gone on. */
async function forgetDoneBefore(day: string): Promise<void> {
  const done = await lab.cluster.client.getMap<string, string>(DONE_MAP);
  for (const file of (await lab.cluster.done()).keys()) if (file < day) await done.delete(file);
  await (await lab.cluster.client.getRingbuffer(SCANS_RING)).destroy();
}

function restoreCopy({ second }: Away): Site {
  rmSync(dirname(second.journalFile), { recursive: true });
  mkdirSync(dirname(second.journalFile));
  copyFileSync(join(second.dir, "copy.db"), second.journalFile);
  return second;
}

function loseJournal({ second }: Away): Site {
  rmSync(dirname(second.journalFile), { recursive: true });
  return second;
}

type Scans = { readonly day: string; readonly from: number; readonly to: number };

async function putAndAwait(site: Site, { day, from, to }: Scans): Promise<void> {
  for (let scanNumber = from; scanNumber <= to; scanNumber++) {
    putFile(site.archive, `${day}/${scanName(scanNumber)}`, scanBytes(scanNumber));
  }
  await site.journaled(to);
}

function auditOf(site: Site) {
  return spawnSync(join(ROOT, "bin/dolphin"), ["archive", "audit"], {
    env: { ...process.env, DOLPHIN_CONFIG: join(site.dir, "dolphin.yaml") },
    cwd: site.dir,
    encoding: "utf8",
  });
}
