/**
 * The commit protocol: one scan, or a batch of them, becomes visible in Hazelcast exactly once.
 *
 * A single scan in order is committed by one compare-and-set of `latest_eigen_scan`, which checks
 * the chain and writes in the same act; the ringbuffer follows. A batch, and every late scan, is
 * committed by a compare-and-set of `checkpoint`, which names the files; ringbuffer and latest
 * follow and can be redone from that list. The journal row is always written before.
 *
 * Invariant: nothing is committed while an earlier commit is not published in full.
 */
import type { ScanStore } from "../../../adapters/hazelcast/scan-store.ts";
import type { JournalScan } from "../../../adapters/scan-journal/scan-journal.ts";
import { messageOf } from "../../../domain/failure.ts";
import { assert } from "../../../domain/assert.ts";
import { decideOutcome } from "../../../domain/scan/commit-outcome.ts";
import { encodeCheckpoint, encodeScanValue, parseScanHead } from "../../../wire/scan-value.ts";
import {
  type BridgeIdentity,
  type ClusterState,
  FencedError,
  type HazelcastPatience,
  isUnavailable,
  readView,
  untilAnswered,
} from "./cluster-state.ts";

/** A journaled scan and its text in Hazelcast. */
export type Entry = {
  readonly seq: number;
  readonly file: string;
  readonly late: boolean;
  readonly text: string;
};

/** Points within a start or a commit at which tests stop the bridge. */
export type CommitStep =
  "epoch journaled" | "checkpoint taken" | "latest taken" | "journaled" | "claimed" | "published";

export type CommitDeps = {
  readonly store: ScanStore;
  readonly identity: BridgeIdentity;
  readonly state: ClusterState;
  readonly patience: HazelcastPatience;
  /** Hazelcast came back without its maps: restore them with all seqs up to this one. */
  readonly refill: (uptoSeq: number) => Promise<void>;
  /** An audit found seqs up to this one missing in the ringbuffer. */
  readonly mendRing: (uptoSeq: number) => Promise<void>;
  readonly latestInBatch: "batch" | "every";
  readonly onStep: (step: CommitStep) => void;
};

/** Newest values of the ringbuffer that are searched for missing ones. */
const RING_TAIL = 256;

export function encodeEntry(
  row: JournalScan,
  scan: { members: string; bridgeUs: number; identity: BridgeIdentity },
): Entry {
  const { members, bridgeUs, identity } = scan;
  const text = encodeScanValue(members, { ...row, ...identity, bridgeUs });
  return { seq: row.seq, file: row.file, late: row.late, text };
}

/** @throws {FencedError} when a newer bridge writes. */
export async function commitEntries(deps: CommitDeps, entries: readonly Entry[]): Promise<void> {
  const claimed = await claim(deps, entries);
  deps.onStep("claimed");
  await publish(deps, entries, claimed);
  deps.onStep("published");
}

type Claimed = "by latest" | "by checkpoint";

async function claim(deps: CommitDeps, entries: readonly Entry[]): Promise<Claimed> {
  const { store, state, identity } = deps;
  const first = entries[0];
  const last = entries.at(-1);
  assert(first !== undefined && last !== undefined, "a commit holds at least one scan");
  for (;;) {
    const live = entries.length === 1 && !first.late && state.latest !== null;
    const how: Claimed = live ? "by latest" : "by checkpoint";
    const next = live ? first.text : checkpointOf(identity, entries);
    const answer = await attempt(deps, () =>
      live ? store.swapLatest(state.latest, next) : store.swapCheckpoint(state.checkpoint, next),
    );
    if (answer === true) {
      if (live) state.latest = next;
      else state.checkpoint = next;
      return how;
    }
    const view = await untilAnswered(deps.patience, () => readView(store, state));
    const outcome = decideOutcome({ ...identity, seq: last.seq }, view);
    switch (outcome.kind) {
      case "fenced":
        throw FencedError.by(outcome.by, identity);
      case "emptied":
        await deps.refill(first.seq - 1);
        break;
      case "committed":
        return how;
      case "resend":
        break;
    }
  }
}

/** The batch in progress, from which it can be redone after a crash. */
function checkpointOf(identity: BridgeIdentity, entries: readonly Entry[]): string {
  return encodeCheckpoint({
    ...identity,
    from: entries[0]?.seq ?? 0,
    seq: entries.at(-1)?.seq ?? 0,
    files: entries.map((entry) => entry.file),
    late: entries.filter((entry) => entry.late).map((entry) => entry.seq),
  });
}

async function publish(
  deps: CommitDeps,
  entries: readonly Entry[],
  claimed: Claimed,
): Promise<void> {
  const { store, state, identity } = deps;
  const sent = await attempt(deps, async () => {
    const texts = entries.map((entry) => entry.text);
    if (claimed === "by latest") {
      await store.addToRing(texts);
      return true;
    }
    const results = await Promise.all([store.addToRing(texts), ...advanceLatest(deps, entries)]);
    return results.every((result) => result !== false);
  });
  if (sent === true) return;
  // Something is missing or unknown: read the state and add what is missing, until nothing is.
  for (;;) {
    const done = await untilAnswered(deps.patience, async () => {
      const view = await readView(store, state);
      const last = entries.at(-1);
      assert(last !== undefined, "a commit holds at least one scan");
      const outcome = decideOutcome({ ...identity, seq: last.seq }, view);
      if (outcome.kind === "fenced") throw FencedError.by(outcome.by, identity);
      if (outcome.kind === "emptied") {
        await deps.refill(last.seq);
        return true;
      }
      return completePublication(deps, entries);
    });
    if (done) return;
  }
}

/** Adds the missing `entries` to the ringbuffer and moves `latest` to the last one in order. */
export async function completePublication(
  deps: Pick<CommitDeps, "store" | "state">,
  entries: readonly Entry[],
): Promise<boolean> {
  const { store, state } = deps;
  const present = new Set(
    (await store.readRingTail(RING_TAIL)).map((value) => parseScanHead(value)?.seq),
  );
  const lacking = entries.filter((entry) => !present.has(entry.seq));
  if (0 < lacking.length) await store.addToRing(lacking.map((entry) => entry.text));
  const target = entries.findLast((entry) => !entry.late);
  const standing = parseScanHead(state.latest)?.seq ?? 0;
  const isOurs = standing <= (entries.at(-1)?.seq ?? 0);
  if (target === undefined || (target.seq <= standing && isOurs)) return true;
  const moved = await store.swapLatest(state.latest, target.text);
  if (moved) state.latest = target.text;
  return moved;
}

/** The compare-and-sets of `latest` for a batch, sent in order without waiting. */
function advanceLatest(deps: CommitDeps, entries: readonly Entry[]): Promise<boolean>[] {
  const { store, state } = deps;
  const inOrder = entries.filter((entry) => !entry.late);
  const targets = deps.latestInBatch === "every" ? inOrder : inOrder.slice(-1);
  return targets.map((entry) => {
    const previous = state.latest;
    state.latest = entry.text;
    return store.swapLatest(previous, entry.text);
  });
}

/** The answer, or `unknown` when the call failed: it may or may not have had an effect. */
async function attempt(
  deps: CommitDeps,
  send: () => Promise<boolean>,
): Promise<boolean | "unknown"> {
  try {
    const answer = await send();
    deps.patience.onAnswer(true, "");
    return answer;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    deps.patience.onAnswer(false, messageOf(error));
    return "unknown";
  }
}
