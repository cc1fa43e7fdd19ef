/** Checks the bridge's guarantees on the contents of archive, journal and Hazelcast. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readScanFile } from "../../src/adapters/archive/read-scan-file.ts";
import type { JournalScan } from "../../src/adapters/scan-journal/scan-journal.ts";
import { isDayFolder, isScanName } from "../../src/domain/scan/archive-names.ts";
import { isLate, type Newest } from "../../src/domain/scan/order.ts";
import { readScanFast } from "../../src/wire/arrow/read-scan.ts";
import { hashOf } from "../../src/wire/scan-hash.ts";
import { type Cluster, type Site } from "./bridge.ts";
import { until } from "./until.ts";

const RING_CAPACITY = 2_000;

export type Books = { readonly scans: readonly JournalScan[] };

/**
 * Every distinct readable scan on disk has exactly one seq, seqs have no gap, each is late or in
 * order, and Hazelcast holds all of it: ringbuffer, latest, done files.
 */
export async function checkBooks(site: Site, cluster: Cluster): Promise<Books> {
  await untilDone(site, cluster);
  let scans = scansIn(site);
  await until("every scan is told as done", async () => {
    if (lastOf(scans) !== site.lastSeq()) scans = scansIn(site);
    // A rewritten file has its later seq under the same name.
    const ofFile = new Map(scans.map((scan) => [scan.file, scan]));
    const done = await cluster.done();
    return [...ofFile].every(([file, { seq, hash }]) => {
      const entry = done.get(file);
      return entry?.seq === seq && entry.hash === hash.toString("hex");
    });
  });
  await untilDone(site, cluster);
  scans = checkJournal(site);
  expect((await cluster.latest())?.file).toBe(scans.findLast((scan) => !scan.late)?.file);
  await checkRing(scans, cluster);
  return { scans };
}

/**
 * Until latest and ringbuffer contain everything in the journal, and no row is on its way between the two: a row may be
 * in the journal before it is in the cluster, and the other way round.
 */
export async function untilDone(site: Site, cluster: Cluster): Promise<void> {
  let why = "";
  let scans: readonly JournalScan[] = [];
  const whatLacks = async (): Promise<string> => {
    if (site.readJournal((journal) => journal.aheadOfOwner()) !== null) return "a row is ahead";
    if (lastOf(scans) !== site.lastSeq()) scans = scansIn(site);
    const newest = scans.findLast((scan) => !scan.late)?.seq;
    const latest = (await cluster.latest())?.seq;
    if (latest !== newest) return `latest has seq ${latest}, the journal ${newest}`;
    const inRing = new Set((await cluster.ring()).map(({ seq }) => seq));
    const last = lastOf(scans);
    if (0 < last && !inRing.has(last)) return `the ringbuffer lacks seq ${last}`;
    return last === site.lastSeq() ? "" : "another scan came meanwhile";
  };
  await until(
    () => `the cluster is told what the journal holds: ${why}`,
    async () => {
      why = await whatLacks();
      return why === "";
    },
  );
}

/** A journal need not begin with seq 1. */
function lastOf(scans: readonly JournalScan[]): number {
  return scans.at(-1)?.seq ?? 0;
}

function scansIn(site: Site): readonly JournalScan[] {
  return site.readJournal((journal) => journal.scans(1, journal.lastSeq())) ?? [];
}

/** What holds for the journal and the files alone. */
export function checkJournal(site: Site): readonly JournalScan[] {
  const scans = scansIn(site);
  expect(scans.map(({ seq }) => seq)).toEqual(scans.map((_, at) => at + 1));
  const hashes = scans.map(({ hash }) => hash.toString("hex"));
  expect(new Set(hashes).size).toBe(hashes.length);
  const onDisk = readableHashes(site.archive);
  expect([...onDisk].filter((hash) => !hashes.includes(hash))).toEqual([]);
  let newest: Newest | null = null;
  for (const { timeUs, file, scanNumber, late } of scans) {
    const scan: Newest = { timeUs, name: file, scanNumber };
    expect([file, late]).toEqual([file, isLate(scan, newest)]);
    if (!late) newest = scan;
  }
  return scans;
}

async function checkRing(scans: readonly JournalScan[], cluster: Cluster): Promise<void> {
  const inRing = (await cluster.ring()).map(({ seq }) => seq);
  const firsts = [...new Set(inRing)];
  const expected = scans.slice(-RING_CAPACITY).map(({ seq }) => seq);
  // Scans that were added twice have pushed out the oldest.
  const wanted = RING_CAPACITY <= inRing.length ? expected.slice(-firsts.length) : expected;
  expect(firsts.toSorted((a, b) => a - b)).toEqual(wanted);
}

function readableHashes(archive: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(archive, { withFileTypes: true })) {
    const day = entry.name;
    if (!entry.isDirectory() || !isDayFolder(day)) continue;
    for (const name of readdirSync(join(archive, day)).filter(isScanName)) {
      const read = readScanFile(join(archive, day, name));
      if (read.kind !== "read" || readScanFast(read.bytes).kind !== "scan") continue;
      found.add(hashOf(read.bytes).toString("hex"));
    }
  }
  return found;
}
