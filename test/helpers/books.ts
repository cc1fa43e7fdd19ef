/** The bridge's promises, checked on what lies in archive, journal and Hazelcast. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { readScanFile } from "../../src/adapters/archive/read-scan-file.ts";
import type { JournalScan } from "../../src/adapters/journal/scan-journal.ts";
import { isDayFolder, isScanName } from "../../src/domain/scan/archive-names.ts";
import { isLate, type Newest } from "../../src/domain/scan/order.ts";
import { readScanFast } from "../../src/wire/arrow/read-scan.ts";
import { hashOf } from "../../src/wire/scan-hash.ts";
import { type Cluster, type Site, until } from "./bridge.ts";

const RING_CAPACITY = 2_000;

export type Books = { readonly scans: readonly JournalScan[] };

/**
 * Every distinct readable scan on disk has exactly one seq, seqs have no gap, each is late or in
 * order, and Hazelcast holds all of it: ringbuffer, latest, done files.
 */
export async function checkBooks(site: Site, cluster: Cluster): Promise<Books> {
  const scans = checkJournal(site);
  const newest = scans.findLast((scan) => !scan.late);
  const latest = await until(`latest holds seq ${newest?.seq}`, async () => {
    const value = await cluster.latest();
    return value?.seq === newest?.seq ? value : null;
  });
  expect(latest.file).toBe(newest?.file);
  // A file written anew tells its later seq under the same name.
  const ofFile = new Map(scans.map((scan) => [scan.file, scan]));
  await until("every scan is told as done", async () => {
    const done = await cluster.done();
    return [...ofFile].every(([file, { seq, hash }]) => {
      const told = done.get(file);
      return told?.seq === seq && told.hash === hash.toString("hex");
    });
  });
  await checkRing(scans, cluster);
  return { scans };
}

/** What holds for the journal and the files alone. */
export function checkJournal(site: Site): readonly JournalScan[] {
  const scans = site.readJournal((journal) => journal.scans(1, journal.lastSeq())) ?? [];
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
  // What was added twice has pushed the oldest out.
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
