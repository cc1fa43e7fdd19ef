/**
 * The start of a bridge: claims a new epoch, which fences older bridges off, finishes what the last one left half
 * done, and makes journal and cluster agree.
 */
import type { JournalScan } from "../../../adapters/scan-journal/scan-journal.ts";
import {
  committedSeq,
  epochOf,
  isBeyondCount,
  isFencedBy,
  nextEpoch,
} from "../../../domain/scan/commit-outcome.ts";
import {
  type Checkpoint,
  encodeCheckpoint,
  parseCheckpoint,
  parseScanHead,
  restampScanValue,
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
import { endImport, importFromCluster, unfinishedImport } from "./import-from-cluster.ts";
import { mendRing, type RefillDeps, refillCluster, reloadEntry } from "./refill.ts";

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
  const unfinished = unfinishedImport(journal);
  const isBehind = isPassed || isTorn || unfinished !== null;
  if (isBehind) {
    await importFromCluster(refill, isPassed || unfinished === "passed" ? "passed" : "torn");
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
