/**
 * What this bridge knows to stand in Hazelcast, and the loop that asks again until it answers.
 * Invariant: a compare-and-set is only ever sent against a value read or written by this bridge.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../domain/failure.ts";
import type { ClusterView, Marker } from "../../../domain/scan/commit-outcome.ts";
import type { RawValue, ScanStore } from "../../../adapters/hazelcast/scan-store.ts";
import { parseCheckpoint, parseScanHead } from "../../../wire/scan-value.ts";

export type BridgeIdentity = { readonly epoch: number; readonly instance: string };

/** Raw texts as they stand in Hazelcast, to the best of our knowledge. */
export type ClusterState = { latest: RawValue; checkpoint: RawValue };

/** Exit code 76: a newer bridge owns the maps; this one must end and overwrite nothing. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  static by(marker: Marker, own: BridgeIdentity): FencedError {
    return new FencedError(
      `fenced: epoch ${marker.epoch} of ${marker.instance} has passed our epoch ${own.epoch}`,
    );
  }
}

const RETRY_MS = 250;

export type HazelcastPatience = {
  /** Told when Hazelcast does not answer and when it does again. */
  readonly onAnswer: (answered: boolean, detail: string) => void;
  /** True when the bridge is asked to stop: waiting ends with StoppedError. */
  readonly stopping: () => boolean;
};

/** The bridge was told to stop while it waited; nothing is half done that recovery does not finish. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** Repeats an idempotent exchange with Hazelcast until it is answered. */
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

/** By name: a service imports types only from the adapters. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === "HazelcastUnavailable";
}

/** Reads both values into `state` and returns their markers. */
export async function readView(store: ScanStore, state: ClusterState): Promise<ClusterView> {
  [state.checkpoint, state.latest] = await Promise.all([
    store.readCheckpoint(),
    store.readLatest(),
  ]);
  return viewOf(state);
}

export function viewOf(state: ClusterState): ClusterView {
  return { checkpoint: parseCheckpoint(state.checkpoint), latest: parseScanHead(state.latest) };
}
