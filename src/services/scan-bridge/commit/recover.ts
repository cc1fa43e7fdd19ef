/**
 * The start of a bridge: it takes a new epoch, which fences older bridges off, finishes what the
 * last one left half done, and makes journal and cluster agree.
 */
import type { JournalScan } from "../../../adapters/journal/scan-journal.ts";
import { committedSeq, nextEpoch } from "../../../domain/scan/commit-outcome.ts";
import {
  type Checkpoint,
  encodeCheckpoint,
  parseCheckpoint,
  parseDone,
  parseScanHead,
  restampScanValue,
} from "../../../wire/scan-value.ts";
import {
  type BridgeIdentity,
  type ClusterState,
  FencedError,
  readView,
  untilAnswered,
  viewOf,
} from "./cluster-state.ts";
import { type CommitDeps, type Entry, commitEntries, completePublication } from "./commit.ts";
import { type RefillDeps, refillCluster, reloadEntry } from "./refill.ts";

export type StartDeps = Omit<RefillDeps, "identity" | "state"> & {
  readonly instance: string;
  readonly latestInBatch: CommitDeps["latestInBatch"];
  readonly onStep: CommitDeps["onStep"];
};

export type Started = { readonly commit: CommitDeps; readonly lastSeq: number };

const TAIL_CHUNK = 64;

/** @throws {FencedError} when another bridge starts at the same time and takes a higher epoch. */
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
  };
  if (journalEpoch < clusterEpoch) await importFromCluster(refill);
  if (state.latest === null && 0 < journal.lastSeq()) {
    await refillCluster(refill, journal.lastSeq());
  } else {
    await finishPublication(refill);
    await recommitTail(refill, commit);
  }
  const lastSeq = Math.max(journal.lastSeq(), committedSeq(viewOf(state)));
  deps.log(`epoch ${identity.epoch} begins after seq ${lastSeq}`);
  return { commit, lastSeq };
}

/** Compare-and-sets the new epoch into `checkpoint`, then into `latest`: no older one can match. */
async function takeEpoch(deps: StartDeps): Promise<{
  readonly identity: BridgeIdentity;
  readonly state: ClusterState;
  readonly clusterEpoch: number;
}> {
  const { store, journal, instance } = deps;
  const state: ClusterState = { latest: null, checkpoint: null };
  const before = await untilAnswered(deps.patience, () => readView(store, state));
  const identity = { epoch: nextEpoch(before, journal.epoch()), instance };
  journal.claimEpoch(identity.epoch);
  deps.onStep("epoch journaled");
  const isEmpty = before.checkpoint === null && before.latest === null;
  const seq = isEmpty ? journal.lastSeq() : committedSeq(before);
  await untilAnswered(deps.patience, async () => {
    for (;;) {
      assertNotFenced(await readView(store, state), identity);
      const found = parseCheckpoint(state.checkpoint);
      if (found?.instance === instance) return;
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
      if (head === null || head.instance === instance) return;
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
    clusterEpoch: Math.max(before.checkpoint?.epoch ?? 0, before.latest?.epoch ?? 0),
  };
}

function assertNotFenced(view: ReturnType<typeof viewOf>, own: BridgeIdentity): void {
  for (const marker of [view.checkpoint, view.latest]) {
    if (marker === null || marker.instance === own.instance) continue;
    if (own.epoch <= marker.epoch) throw FencedError.by(marker, own);
  }
}

/** The last commit may stand without its ringbuffer entries, or a batch without its `latest`. */
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

/** The batch that a checkpoint names, read again from its files. */
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

/** Another host's batch: its rows are made from the files it names. */
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

/** Rows above what is committed were written just before a death: they keep their seqs. */
async function recommitTail(deps: RefillDeps, commit: CommitDeps): Promise<void> {
  const { journal, state } = deps;
  for (;;) {
    const from = committedSeq(viewOf(state)) + 1;
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
 * Hazelcast knows a later epoch than the journal: another host went on, or the journal was lost.
 * Rows that it does not confirm are dropped, and what it has done is taken over.
 */
async function importFromCluster(deps: RefillDeps): Promise<void> {
  const { journal, store, state } = deps;
  const [done, ring] = await untilAnswered(deps.patience, () =>
    Promise.all([store.readDone(), store.readRingTail(RING_LOOKED_THROUGH)]),
  );
  const seqOf = new Map<string, number>();
  for (const value of [...ring, state.latest]) {
    const head = parseScanHead(value);
    if (head !== null) seqOf.set(head.file, head.seq);
  }
  const told = done.flatMap(([file, text]) => {
    const entry = parseDone(text);
    return entry === null ? [] : [{ file, ...entry }];
  });
  for (const entry of told) seqOf.set(entry.file, entry.seq);
  const confirmed = Number(journal.meta("done_seq") ?? 0);
  const unknown = journal
    .scans(confirmed + 1, journal.lastSeq())
    .find((row) => seqOf.get(row.file) !== row.seq);
  if (unknown !== undefined) {
    deps.log(`seq ${unknown.seq} and later are not known to Hazelcast: dropped from the journal`);
    journal.dropFrom(unknown.seq);
  }
  const known = new Set(journal.scans(1, journal.lastSeq()).map((row) => row.seq));
  const missing = told.filter((entry) => !known.has(entry.seq));
  for (const entry of missing) journal.append([await rowFromDone(deps, entry)]);
  if (0 < missing.length) deps.log(`${missing.length} scans taken over from Hazelcast`);
}

const RING_LOOKED_THROUGH = 2_000;

async function rowFromDone(
  deps: RefillDeps,
  entry: { readonly file: string; readonly seq: number; readonly hash: string },
): Promise<JournalScan> {
  const hash = Buffer.from(entry.hash, "hex");
  const found = await deps.reload(entry.file);
  const same = found !== null && found.hash.equals(hash) ? found : null;
  return {
    seq: entry.seq,
    epoch: 0,
    file: entry.file,
    hash,
    scanNumber: same?.scanNumber ?? 0,
    size: same?.stat.size ?? 0,
    mtimeUs: same?.stat.mtimeUs ?? 0,
    timeUs: same?.stat.mtimeUs ?? 0,
    late: false,
    replayed: true,
    pushedUs: deps.nowUs(),
  };
}
