/**
 * Imports into the journal the scans that only Hazelcast knows. Invariant: the rows of an interrupted import are
 * imported again, because the journal records that it was not finished.
 */
import type { JournalScan } from "../../../adapters/scan-journal/scan-journal.ts";
import { dayOfFile, isScanFile } from "../../../domain/scan/archive-names.ts";
import { committedSeq, highestBorneOut } from "../../../domain/scan/commit-outcome.ts";
import { RING_CAPACITY } from "../../../domain/scan/ring.ts";
import { isoFromMicros } from "../../../domain/time.ts";
import { hashOf } from "../../../wire/scan-hash.ts";
import {
  microsFromOurIso,
  parseDone,
  parseScanHead,
  type ScanHead,
} from "../../../wire/scan-value.ts";
import type { ReloadedScan } from "../archive/reload.ts";
import { clusterViewOf, untilAnswered } from "./cluster-state.ts";
import { keepToProvedDays } from "./proved-days.ts";
import type { RefillDeps } from "./refill.ts";

/** `passed`: another host continued; `torn`: the journal was lost, or has lost its end. */
export type ImportReason = "passed" | "torn";

/**
 * Hazelcast knows more than the journal: another host continued, or the journal was lost or torn. Its scans are
 * imported; where another host continued, local rows that it does not know are deleted. Rows are imported in no
 * particular order, so an interrupted import is marked and repeated.
 */
export async function importFromCluster(deps: RefillDeps, why: ImportReason): Promise<void> {
  const { journal, store, patience } = deps;
  journal.setMeta(IMPORT_KEY, why);
  const found = await untilAnswered(patience, () => headsInCluster(deps));
  if (why === "passed") await dropUnknown(deps, found);
  const known = Math.max(committedSeq(clusterViewOf(deps.state)), journal.lastSeq());
  const upto = highestBorneOut(known, [...found.keys()]);
  const heads = new Map([...found].filter(([seq]) => seq <= upto));
  let taken = 0;
  const beyond: number[] = [];
  const takeDone = async (isOurs: (seq: number) => boolean) => {
    for (const digit of HASH_DIGITS) {
      const scans = knownScans(
        await untilAnswered(patience, () => store.readDonePart(digit)),
        heads,
      );
      beyond.push(...scans.map(({ seq }) => seq).filter((seq) => upto < seq));
      taken += await takeOver(
        deps,
        scans.filter(({ seq }) => isOurs(seq)),
      );
    }
  };
  await takeDone((seq) => seq <= upto);
  // More only where the cluster has lost its markers and its ringbuffer.
  const last = highestBorneOut(upto, beyond);
  const ignored = new Set(beyond.filter((seq) => last < seq));
  if (upto < last) await takeDone((seq) => upto < seq && seq <= last);
  if (0 < ignored.size) {
    deps.warn(
      `ignored: Hazelcast has files with seq ${[...ignored].slice(0, 3).join(", ")}, which nothing confirms after seq ${last}: another program wrote them`,
    );
  }
  // Last, because only done files have the hash.
  const newest = [...heads.values()].map((head) => ({ ...head, hash: null, head }));
  taken += await takeOver(deps, newest);
  if (0 < taken) deps.log(`${taken} scans restored from Hazelcast`);
}

/** Why an earlier import was started that was not finished; null: there is none. */
export function unfinishedImport(journal: RefillDeps["journal"]): ImportReason | null {
  const cutOff = journal.meta(IMPORT_KEY);
  return cutOff === "passed" || cutOff === "torn" ? cutOff : null;
}

/** Not before the batch in progress has its rows: until then it would look like a gap. */
export function endImport(deps: RefillDeps): void {
  keepToProvedDays(deps);
  deps.journal.setMeta(IMPORT_KEY, "ended");
}

/** Meta key of the journal: why an import was started, or that it is finished. */
const IMPORT_KEY = "import";
const HASH_DIGITS = "0123456789abcdef".split("");
/** Rows that one transaction imports, and files that one call requests. */
const IMPORT_CHUNK = 1_000;

/** A scan that Hazelcast knows: from its done file, from its value in ringbuffer or latest, or from both. */
type KnownScan = {
  readonly seq: number;
  readonly file: string;
  readonly hash: Buffer | null;
  readonly head: ScanHead | null;
};

type Heads = ReadonlyMap<number, ScanHead>;

/** Done files are published once a second; the newest scans are only in the ringbuffer. */
async function headsInCluster({ store, state }: RefillDeps): Promise<Heads> {
  const ring = await store.readRingTail(RING_CAPACITY);
  const heads = [...ring, state.latest].map(parseScanHead).filter((head) => head !== null);
  return new Map(heads.map((head) => [head.seq, head]));
}

function knownScans(done: readonly (readonly [string, unknown])[], heads: Heads): KnownScan[] {
  return done.flatMap(([file, text]) => {
    const entry = parseDone(text);
    if (entry === null || !isScanFile(file)) return [];
    const { seq } = entry;
    const head = heads.get(seq) ?? null;
    // The first scan has seq 1; and where the scan itself is available, it names its file.
    if (seq === 0 || (head !== null && head.file !== file)) return [];
    return [{ seq, file, hash: Buffer.from(entry.hash, "hex"), head }];
  });
}

/** Deletes rows that were never published as done, from the first one on that Hazelcast does not know. */
async function dropUnknown(deps: RefillDeps, heads: Heads): Promise<void> {
  const { journal, store, patience } = deps;
  let from = Number(journal.meta("done_seq") ?? 0) + 1;
  for (; ; from += IMPORT_CHUNK) {
    const next = journal.firstSeqFrom(from);
    if (next === null) return;
    from = next;
    const rows = journal.scans(from, from + IMPORT_CHUNK - 1);
    const files = rows.map((row) => row.file);
    const done = await untilAnswered(patience, () => store.readDoneOf(files));
    const seqOf = new Map(knownScans(done, heads).map((one) => [one.file, one.seq]));
    const unknown = rows.find(
      ({ seq, file }) => seqOf.get(file) !== seq && heads.get(seq)?.file !== file,
    );
    if (unknown === undefined) continue;
    deps.log(`seq ${unknown.seq} and later are not known to Hazelcast: dropped from the journal`);
    journal.dropFrom(unknown.seq);
    return;
  }
}

/** Creates the rows that the journal lacks; returns how many. */
async function takeOver(deps: RefillDeps, scans: readonly KnownScan[]): Promise<number> {
  const { journal } = deps;
  // Of two files with one seq, one is a foreign value: if both were refused, the journal would never open.
  const bySeq = new Map(scans.toReversed().map((one) => [one.seq, one]));
  const lacking = [...bySeq.values()].filter(({ seq }) => journal.scan(seq) === null);
  for (let from = 0; from < lacking.length; from += IMPORT_CHUNK) {
    journal.append(await rowsFrom(deps, lacking.slice(from, from + IMPORT_CHUNK)));
  }
  return lacking.length;
}

async function rowsFrom(deps: RefillDeps, scans: readonly KnownScan[]): Promise<JournalScan[]> {
  const rows: JournalScan[] = [];
  const missed: KnownScan[] = [];
  for (const one of scans) {
    const found = await deps.reload(one.file);
    if (found !== null && isSame(found, one)) rows.push(rowOf(deps, one, found));
    else missed.push(one);
  }
  // Its new name after a rename is needed: otherwise its bytes would get another seq.
  deps.renamed.listAnew();
  for (const one of missed) rows.push(rowOf(deps, one, await findRenamed(deps, one)));
  return rows;
}

async function findRenamed(deps: RefillDeps, known: KnownScan): Promise<ReloadedScan | null> {
  const { file, head } = known;
  if (head === null) return null;
  for (const renamed of deps.renamed.find(dayOfFile(file), microsFromOurIso(head.file_mtime))) {
    const found = await deps.reload(renamed);
    if (found !== null && isSame(found, known)) return found;
  }
  return null;
}

/** `same` holds the bytes; null where no file has them. */
function rowOf(deps: RefillDeps, known: KnownScan, same: ReloadedScan | null): JournalScan {
  const { seq, file, hash, head } = known;
  const stat = same?.stat ?? { size: 0, mtimeUs: 0 };
  return {
    ...stat,
    seq,
    epoch: head?.epoch ?? 0,
    file,
    // The bytes are gone: a hash that no file has keeps the seq from being assigned again.
    hash: hash ?? same?.hash ?? hashOf(Buffer.from(`seq ${seq} of ${file}`)),
    scanNumber: same?.scanNumber ?? head?.scan_number ?? 0,
    timeUs: stat.mtimeUs,
    late: head?.late ?? false,
    replayed: true,
    pushedUs: deps.nowUs(),
  };
}

function isSame(found: ReloadedScan, { hash, head }: KnownScan): boolean {
  if (hash !== null) return found.hash.equals(hash);
  return (
    found.scanNumber === head?.scan_number && isoFromMicros(found.stat.mtimeUs) === head.file_mtime
  );
}
