/** Restores a Hazelcast that came back empty: done files, ringbuffer and latest, with the same seqs. */
import type { ScanStore } from "../../../adapters/hazelcast/scan-store.ts";
import type { JournalScan, ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { dayOfFile } from "../../../domain/scan/archive-names.ts";
import { PROVED_SEQ_KEY } from "../../../domain/scan/audit.ts";
import { mendingOfRing, RING_CAPACITY } from "../../../domain/scan/ring.ts";
import { MS_PER_DAY, US_PER_MS } from "../../../domain/time.ts";
import { encodeCheckpoint, encodeDone, parseScanHead } from "../../../wire/scan-value.ts";
import {
  type BridgeIdentity,
  type ClusterState,
  FencedError,
  type HazelcastPatience,
  readView,
  untilAnswered,
} from "./cluster-state.ts";
import { type Entry, encodeEntry } from "./commit.ts";
import type { Reload } from "../archive/reload.ts";
import type { RenamedFiles } from "./renamed-files.ts";

export const DONE_KEPT_US = 3 * MS_PER_DAY * US_PER_MS;
const DONE_CHUNK = 1_000;
const RING_CHUNK = 64;

export type RefillDeps = {
  readonly store: ScanStore;
  readonly journal: ScanJournal;
  readonly identity: BridgeIdentity;
  readonly state: ClusterState;
  readonly patience: HazelcastPatience;
  readonly reload: Reload;
  readonly renamed: RenamedFiles;
  readonly nowUs: () => number;
  readonly log: (line: string) => void;
  readonly warn: (line: string) => void;
};

/**
 * Publishes everything in the journal up to `uptoSeq` again. Safe to repeat: readers skip what they have. @throws
 * {FencedError} when a newer bridge has filled the maps meanwhile.
 */
export async function refillCluster(deps: RefillDeps, uptoSeq: number): Promise<void> {
  const { store, state, identity } = deps;
  deps.log(`Hazelcast holds no scans: filling it from the journal up to seq ${uptoSeq}`);
  await untilAnswered(deps.patience, async () => {
    const view = await readView(store, state);
    const found = view.checkpoint ?? view.latest;
    if (found !== null && found.instance !== identity.instance && identity.epoch <= found.epoch) {
      throw FencedError.by(found, identity);
    }
    const next = encodeCheckpoint({
      ...identity,
      from: uptoSeq + 1,
      seq: uptoSeq,
      files: [],
      late: [],
    });
    if (await store.swapCheckpoint(state.checkpoint, next)) state.checkpoint = next;
    await fillDone(deps, uptoSeq);
    const latest = await fillRing(deps, uptoSeq);
    if (latest !== null && (await store.swapLatest(state.latest, latest.text))) {
      state.latest = latest.text;
    }
  });
}

/**
 * Writes `rowsMax` rows from `fromSeq` on into DOLPHIN_SCANS_DONE; returns the seq up to which all are there.
 * Iterates over rows, not numbers, because a gap may be of any size.
 */
export async function tellDone(
  { store, journal }: DoneDeps,
  range: { readonly fromSeq: number; readonly toSeq: number; readonly rowsMax: number },
): Promise<number> {
  let written = 0;
  let next = journal.firstSeqFrom(range.fromSeq);
  while (next !== null && next <= range.toSeq) {
    if (range.rowsMax <= written) return next - 1;
    const last = Math.min(range.toSeq, next + DONE_CHUNK - 1);
    const rows = journal.scans(next, last);
    await store.putDone(rows.map((row) => [row.file, doneText(row)]));
    written += rows.length;
    next = journal.firstSeqFrom(last + 1);
  }
  return range.toSeq;
}

type DoneDeps = {
  readonly store: Pick<ScanStore, "putDone">;
  readonly journal: Pick<ScanJournal, "firstSeqFrom" | "scans">;
};

async function fillDone(deps: RefillDeps, uptoSeq: number): Promise<void> {
  const keptFromUs = deps.nowUs() - DONE_KEPT_US;
  await tellDone(deps, {
    fromSeq: deps.journal.firstSeqSince(keptFromUs) ?? uptoSeq + 1,
    toSeq: uptoSeq,
    rowsMax: Number.POSITIVE_INFINITY,
  });
}

/**
 * Adds the missing seqs to a ringbuffer that lost some although the maps survived, followed by all later values
 * again: the oldest must be evicted first when new scans come, and readers skip what they have. `short` only checks
 * its size, where that is sufficient.
 */
export async function mendRing(
  deps: RefillDeps,
  uptoSeq: number,
  which: "short" | "any",
): Promise<void> {
  const ours = Math.max(1, Number(deps.journal.meta(PROVED_SEQ_KEY) ?? 1));
  const expected = Math.min(RING_CAPACITY, uptoSeq - ours + 1);
  await untilAnswered(deps.patience, async () => {
    if (which === "short" && expected <= (await deps.store.ringSize())) return;
    const values = await deps.store.readRingTail(RING_CAPACITY);
    const inRing = values.map((value) => parseScanHead(value)?.seq ?? null);
    const { lacking, toAdd } = mendingOfRing(inRing, { oursFrom: ours, lastSeq: uptoSeq });
    if (lacking.length === 0) return;
    deps.log(`the ringbuffer lacks ${lacking.length} scans: filling it from the journal`);
    const standing = new Map(inRing.map((seq, at) => [seq ?? 0, String(values[at])]));
    await addToRing(deps, chunksOf(toAdd), standing);
  });
}

/** Returns the entry for `latest`: the newest in order. */
function fillRing(deps: RefillDeps, uptoSeq: number): Promise<Entry | null> {
  const from = Math.max(1, uptoSeq - RING_CAPACITY + 1);
  return addToRing(
    deps,
    chunksOf(Array.from({ length: uptoSeq - from + 1 }, (_, at) => from + at)),
  );
}

function* chunksOf(seqs: readonly number[]): Generator<readonly number[]> {
  for (let at = 0; at < seqs.length; at += RING_CHUNK) yield seqs.slice(at, at + RING_CHUNK);
}

/** Known texts need no file. Returns the last entry in order that was read from its file. */
async function addToRing(
  deps: RefillDeps,
  chunks: Iterable<readonly number[]>,
  known: ReadonlyMap<number, string> = new Map(),
): Promise<Entry | null> {
  let latest: Entry | null = null;
  let lacking = 0;
  for (const seqs of chunks) {
    const texts: string[] = [];
    for (const seq of seqs) {
      const text = known.get(seq);
      const row = text === undefined ? deps.journal.scan(seq) : null;
      const entry = row === null ? null : await reloadEntry(deps, row);
      if (row !== null && entry === null) lacking += 1;
      const found = text ?? entry?.text;
      if (found !== undefined) texts.push(found);
      if (entry?.late === false) latest = entry;
    }
    if (0 < texts.length) await deps.store.addToRing(texts);
  }
  if (0 < lacking) {
    deps.log(`${lacking} scans are not in the ringbuffer: their files are gone or have changed`);
  }
  return latest;
}

/** The entry of a journaled scan, from its file or a copy; null when no file has its bytes now. */
export async function reloadEntry(deps: RefillDeps, row: JournalScan): Promise<Entry | null> {
  for (const file of filesWith(deps, row)) {
    const found = await deps.reload(file);
    if (found?.hash.equals(row.hash) !== true) continue;
    return encodeEntry(
      { ...row, replayed: true },
      { members: found.members, bridgeUs: deps.nowUs(), identity: deps.identity },
    );
  }
  return null;
}

/** Files that may hold a scan's bytes: if it was renamed after its push, its file is recorded as a duplicate. */
function* filesWith({ journal, renamed }: RefillDeps, row: JournalScan): Generator<string> {
  yield row.file;
  for (const { file } of journal.duplicatesOf(row.seq)) yield file;
  yield* renamed.find(dayOfFile(row.file), row.mtimeUs);
}

function doneText(row: JournalScan): string {
  return encodeDone({ seq: row.seq, hash: row.hash.toString("hex") });
}
