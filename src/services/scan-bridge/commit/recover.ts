/**
 * The start of a bridge: claims a new epoch, which fences older bridges off, finishes what the last one left half
 * done, and makes journal and cluster agree.
 */
import type { JournalScan } from "../../../adapters/scan-journal/scan-journal.ts";
import { dayOfFile, isScanFile } from "../../../domain/scan/archive-names.ts";
import {
  committedSeq,
  epochOf,
  highestBorneOut,
  isBeyondCount,
  isFencedBy,
  nextEpoch,
} from "../../../domain/scan/commit-outcome.ts";
import { RING_CAPACITY } from "../../../domain/scan/ring.ts";
import { isoFromMicros } from "../../../domain/time.ts";
import { hashOf } from "../../../wire/scan-hash.ts";
import {
  type Checkpoint,
  encodeCheckpoint,
  microsFromOurIso,
  parseCheckpoint,
  parseDone,
  parseScanHead,
  restampScanValue,
  type ScanHead,
} from "../../../wire/scan-value.ts";
import {
  BeyondLimitError,
  type BridgeIdentity,
  type ClusterState,
  FencedError,
  readView,
  untilAnswered,
  clusterViewOf,
} from "./cluster-state.ts";
import { type CommitDeps, type Entry, commitEntries, completePublication } from "./commit.ts";
import { keepToProvedDays } from "./proved-days.ts";
import { mendRing, type RefillDeps, refillCluster, reloadEntry } from "./refill.ts";
import type { ReloadedScan } from "../archive/reload.ts";

export type StartDeps = Omit<RefillDeps, "identity" | "state"> & {
  readonly instance: string;
  readonly latestInBatch: CommitDeps["latestInBatch"];
  readonly onStep: CommitDeps["onStep"];
};

export type Started = { readonly commit: CommitDeps; readonly lastSeq: number };

const TAIL_CHUNK = 64;

/** @throws {FencedError} when another bridge starts at the same time and claims a higher epoch. */
export async function startBridge(deps: StartDeps): Promise<Started> {
  const { journal } = deps;
  const journalEpoch = journal.epoch();
  const { identity, state, clusterEpoch } = await takeEpoch(deps);
  const refill: RefillDeps = { ...deps, identity, state };
  const commit: CommitDeps = {
    ...deps,
    identity,
    state,
    refill: (uptoSeq) => refillCluster(refill, uptoSeq),
    mendRing: (uptoSeq) => mendRing(refill, uptoSeq, "any"),
  };
  const isPassed = journalEpoch < clusterEpoch;
  // Rows are written before commits: if committed ones are missing, the journal has lost its end.
  const isTorn = journal.lastSeq() < committedSeq(clusterViewOf(state));
  const cutOff = journal.meta(IMPORT_KEY);
  const isBehind = isPassed || isTorn || cutOff === "passed" || cutOff === "torn";
  if (isBehind) {
    await importFromCluster(refill, isPassed || cutOff === "passed" ? "passed" : "torn");
  }
  // A foreign text counts as none.
  if (clusterViewOf(state).latest === null && 0 < journal.lastSeq()) {
    await refillCluster(refill, journal.lastSeq());
    if (isBehind) endImport(refill);
  } else {
    await finishPublication(refill);
    if (isBehind) endImport(refill);
    await mendRing(refill, committedSeq(clusterViewOf(state)), "short");
    await recommitTail(refill, commit);
  }
  const lastSeq = Math.max(journal.lastSeq(), committedSeq(clusterViewOf(state)));
  deps.log(`epoch ${identity.epoch} begins after seq ${lastSeq}`);
  return { commit, lastSeq };
}

/**
 * Compare-and-sets the new epoch into `checkpoint`, then into `latest`: after that no older bridge's compare-and-set
 * can succeed.
 */
async function takeEpoch(deps: StartDeps): Promise<{
  readonly identity: BridgeIdentity;
  readonly state: ClusterState;
  readonly clusterEpoch: number;
}> {
  const { store, journal, instance } = deps;
  const state: ClusterState = { latest: null, checkpoint: null };
  const before = await untilAnswered(deps.patience, () => readView(store, state));
  const journalEpoch = journal.epoch();
  const epoch = nextEpoch(before, journalEpoch);
  if (epoch === null) throw BeyondLimitError.ofEpoch(journal);
  if (isBeyondCount(committedSeq(before))) throw BeyondLimitError.ofSeq(committedSeq(before));
  const identity = { epoch, instance };
  journal.claimEpoch(identity.epoch);
  deps.onStep("epoch journaled");
  const isEmpty = before.checkpoint === null && before.latest === null;
  const seq = isEmpty ? journal.lastSeq() : committedSeq(before);
  await untilAnswered(deps.patience, async () => {
    for (;;) {
      assertNotFenced(await readView(store, state), identity);
      const found = parseCheckpoint(state.checkpoint);
      if (found?.instance === instance && found.epoch === identity.epoch) return;
      const next = encodeCheckpoint({
        ...(found ?? { from: seq + 1, seq, files: [], late: [] }),
        ...identity,
      });
      if (await store.swapCheckpoint(state.checkpoint, next)) {
        state.checkpoint = next;
        return;
      }
    }
  });
  deps.onStep("checkpoint taken");
  await untilAnswered(deps.patience, async () => {
    for (;;) {
      assertNotFenced(await readView(store, state), identity);
      const head = parseScanHead(state.latest);
      if (head === null || (head.instance === instance && head.epoch === identity.epoch)) return;
      const next = restampScanValue(String(state.latest), identity);
      if (await store.swapLatest(state.latest, next)) {
        state.latest = next;
        return;
      }
    }
  });
  deps.onStep("latest taken");
  return {
    identity,
    state,
    clusterEpoch: epochOf(before, journalEpoch),
  };
}

function assertNotFenced(view: ReturnType<typeof clusterViewOf>, own: BridgeIdentity): void {
  for (const marker of [view.checkpoint, view.latest]) {
    if (marker === null || marker.instance === own.instance) continue;
    if (isFencedBy(own, marker)) throw FencedError.by(marker, own);
  }
}

/** The last commit may lack its ringbuffer entries, or a batch its `latest`. */
async function finishPublication(deps: RefillDeps): Promise<void> {
  const { state } = deps;
  const checkpoint = parseCheckpoint(state.checkpoint);
  const latest = parseScanHead(state.latest);
  const inBatch = checkpoint !== null && (latest?.seq ?? 0) <= checkpoint.seq;
  const entries = inBatch ? await entriesOf(deps, checkpoint) : [];
  if (!inBatch && latest !== null) entries.push({ ...latest, text: String(state.latest) });
  if (entries.length === 0) return;
  await untilAnswered(deps.patience, async () => {
    for (;;) {
      assertNotFenced(await readView(deps.store, state), deps.identity);
      if (await completePublication(deps, entries)) return;
    }
  });
}

/** The entries of the batch that a checkpoint names, read again from its files. */
async function entriesOf(deps: RefillDeps, checkpoint: Checkpoint): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [index, file] of checkpoint.files.entries()) {
    const seq = checkpoint.from + index;
    const row = deps.journal.scan(seq) ?? (await adopt(deps, { seq, file, checkpoint }));
    const entry = row === null ? null : await reloadEntry(deps, row);
    if (entry !== null) entries.push(entry);
    else deps.log(`seq ${seq} is not published again: ${file} is gone or has changed`);
  }
  return entries;
}

/** Another host's batch: its rows are created from the files that it names. */
async function adopt(
  deps: RefillDeps,
  named: { readonly seq: number; readonly file: string; readonly checkpoint: Checkpoint },
): Promise<JournalScan | null> {
  const found = await deps.reload(named.file);
  if (found === null) return null;
  const row: JournalScan = {
    seq: named.seq,
    epoch: named.checkpoint.epoch,
    file: named.file,
    hash: found.hash,
    scanNumber: found.scanNumber,
    size: found.stat.size,
    mtimeUs: found.stat.mtimeUs,
    timeUs: found.stat.mtimeUs,
    late: named.checkpoint.late.includes(named.seq),
    replayed: true,
    pushedUs: deps.nowUs(),
  };
  deps.journal.append([row]);
  return row;
}

/** Rows after the last committed seq were written just before a crash: they keep their seqs. */
async function recommitTail(deps: RefillDeps, commit: CommitDeps): Promise<void> {
  const { journal, state } = deps;
  for (;;) {
    const from = committedSeq(clusterViewOf(state)) + 1;
    const rows = journal.scans(from, from + TAIL_CHUNK - 1);
    if (rows.length === 0) return;
    const entries: Entry[] = [];
    for (const row of rows) {
      const entry = await reloadEntry(deps, row);
      if (entry === null) {
        deps.log(`seq ${row.seq} was never committed and ${row.file} has changed: dropped`);
        journal.dropFrom(row.seq);
        break;
      }
      entries.push(entry);
    }
    if (0 < entries.length) await commitEntries(commit, entries);
  }
}

/**
 * Hazelcast knows more than the journal: another host continued, or the journal was lost or torn. Its scans are
 * imported; where another host continued, local rows that it does not know are deleted. Rows are imported in no
 * particular order, so an interrupted import is marked and repeated.
 */
async function importFromCluster(deps: RefillDeps, why: "passed" | "torn"): Promise<void> {
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

/** Not before the batch in progress has its rows: until then it would look like a gap. */
function endImport(deps: RefillDeps): void {
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
