/**
 * What this bridge knows to be stored in Hazelcast, and the loop that repeats a call until it is answered. Invariant:
 * a compare-and-set is only ever sent against a value read or written by this bridge.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../domain/failure.ts";
import type { ClusterView, CommitMarker } from "../../../domain/scan/commit-outcome.ts";
import type { RawValue, ScanStore } from "../../../adapters/hazelcast/scan-store.ts";
import {
  CHECKPOINT_KEY,
  FEATURES_MAP,
  LATEST_KEY,
  parseCheckpoint,
  parseScanHead,
} from "../../../wire/scan-value.ts";

export type BridgeIdentity = { readonly epoch: number; readonly instance: string };

/** The raw texts in Hazelcast, as last read or written. */
export type ClusterState = { latest: RawValue; checkpoint: RawValue };

/** Exit code 76: a newer bridge owns the maps; this one must end and overwrite nothing. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  static by(marker: CommitMarker, own: BridgeIdentity): FencedError {
    return new FencedError(
      `fenced: epoch ${marker.epoch} of ${marker.instance} has passed our epoch ${own.epoch}`,
    );
  }
}

/** A file without a name is lost when the process ends: the next process creates a new one. */
export class JournalGoneError extends Error {
  override readonly name = "JournalGoneError";
  constructor({ path }: { readonly path: string }) {
    super(
      `the journal ${path} was removed or replaced while the bridge ran: ` +
        "the next start restores what Hazelcast knows",
    );
  }
}

/** The stored number from which a start must continue is one that no bridge can have reached. */
export class BeyondLimitError extends Error {
  override readonly name = "BeyondLimitError";
  static ofEpoch({ path, epoch }: { path: string; epoch: () => number }): BeyondLimitError {
    return new BeyondLimitError(
      `journal ${path} belongs to epoch ${epoch()}, beyond any number of starts: ` +
        "move the file away to rebuild it from Hazelcast",
    );
  }
  static ofSeq(seq: number): BeyondLimitError {
    return new BeyondLimitError(
      `Hazelcast has seq ${seq} as the last one, beyond any number of scans: another program wrote ` +
        `it; remove ${LATEST_KEY} and ${CHECKPOINT_KEY} from the map ${FEATURES_MAP}`,
    );
  }
}

const RETRY_MS = 250;

export type HazelcastPatience = {
  /** Called after each call to Hazelcast with whether it answered. */
  readonly onAnswer: (answered: boolean, detail: string) => void;
  /** True when the bridge should stop: waiting then throws StoppedError. */
  readonly stopping: () => boolean;
};

/** The bridge should stop, but was waiting. The next start finishes what is half done. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** Repeats an idempotent call to Hazelcast until it is answered. */
export async function untilAnswered<T>(
  patience: HazelcastPatience,
  exchange: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      const result = await exchange();
      patience.onAnswer(true, "");
      return result;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      patience.onAnswer(false, messageOf(error));
      if (patience.stopping()) throw new StoppedError("stopped while Hazelcast was away");
      await sleep(RETRY_MS);
    }
  }
}

/** By name, because a service imports only types from the adapters. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "HazelcastUnavailable";
}

/** Reads both values into `state` and returns their markers. */
export async function readView(store: ScanStore, state: ClusterState): Promise<ClusterView> {
  [state.checkpoint, state.latest] = await Promise.all([
    store.readCheckpoint(),
    store.readLatest(),
  ]);
  return clusterViewOf(state);
}

export function clusterViewOf(state: ClusterState): ClusterView {
  return { checkpoint: parseCheckpoint(state.checkpoint), latest: parseScanHead(state.latest) };
}
