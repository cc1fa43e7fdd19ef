/** Fills a Hazelcast that came back empty: done files, ringbuffer and latest, with the same seqs. */
import type { ScanStore } from "../../../adapters/hazelcast/scan-store.ts";
import type { JournalScan, ScanJournal } from "../../../adapters/journal/scan-journal.ts";
import { dayOfFile } from "../../../domain/scan/archive-names.ts";
import { MS_PER_DAY, US_PER_MS } from "../../../domain/time.ts";
import { encodeCheckpoint, encodeDone } from "../../../wire/scan-value.ts";
import {
  type BridgeIdentity,
  type ClusterState,
  FencedError,
  type HazelcastPatience,
  readView,
  untilAnswered,
} from "./cluster-state.ts";
import { type Entry, encodeEntry } from "./commit.ts";
import type { Reload } from "./reload.ts";
import type { RenamedFiles } from "./renamed-files.ts";

/** What the ringbuffer holds at most; it is configured in the member's file. */
export const RING_CAPACITY = 2_000;
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
};

/**
 * Publishes again all that the journal holds up to `uptoSeq`. Safe to repeat: readers skip what
 * they have. @throws {FencedError} when a newer bridge filled the maps meanwhile.
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

/** Tells DOLPHIN_SCANS_DONE the seqs from `fromSeq` on; returns the last told. */
export async function tellDone(
  deps: Pick<RefillDeps, "store" | "journal">,
  range: { readonly fromSeq: number; readonly toSeq: number },
): Promise<number> {
  let next = range.fromSeq;
  while (next <= range.toSeq) {
    const last = Math.min(range.toSeq, next + DONE_CHUNK - 1);
    const rows = deps.journal.scans(next, last);
    await deps.store.putDone(rows.map((row) => [row.file, doneText(row)]));
    next = last + 1;
  }
  return range.toSeq;
}

async function fillDone(deps: RefillDeps, uptoSeq: number): Promise<void> {
  const keptFromUs = deps.nowUs() - DONE_KEPT_US;
  await tellDone(deps, {
    fromSeq: deps.journal.firstSeqSince(keptFromUs) ?? uptoSeq + 1,
    toSeq: uptoSeq,
  });
}

/** Returns the entry that `latest` must hold: the newest in order. */
async function fillRing(deps: RefillDeps, uptoSeq: number): Promise<Entry | null> {
  let latest: Entry | null = null;
  let lacking = 0;
  for (let seq = Math.max(1, uptoSeq - RING_CAPACITY + 1); seq <= uptoSeq; seq += RING_CHUNK) {
    const rows = deps.journal.scans(seq, Math.min(uptoSeq, seq + RING_CHUNK - 1));
    const entries: Entry[] = [];
    for (const row of rows) {
      const entry = await reloadEntry(deps, row);
      if (entry === null) lacking += 1;
      else entries.push(entry);
    }
    if (0 < entries.length) await deps.store.addToRing(entries.map((entry) => entry.text));
    latest = entries.findLast((entry) => !entry.late) ?? latest;
  }
  if (0 < lacking) {
    deps.log(`${lacking} scans are not in the ringbuffer: their files are gone or have changed`);
  }
  return latest;
}

/** The entry of a journaled scan, from its file or a copy; null when no file holds its bytes now. */
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

/** Where the bytes of a scan may be: renamed after it was pushed, its file is a duplicate by now. */
function* filesWith({ journal, renamed }: RefillDeps, row: JournalScan): Generator<string> {
  yield row.file;
  for (const { file } of journal.duplicatesOf(row.seq)) yield file;
  yield* renamed.find(dayOfFile(row.file), row.mtimeUs);
}

function doneText(row: JournalScan): string {
  return encodeDone({ seq: row.seq, hash: row.hash.toString("hex") });
}
