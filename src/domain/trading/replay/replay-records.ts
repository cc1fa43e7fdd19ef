/** The records of a run besides its events, as a replay reads them; undefined: there is no record. */
import type { StepDigest } from "./step-digest.ts";

export type StoredDigest = Omit<StepDigest, "index">;

export type ReplayRecords = {
  digestOf(index: number): StoredDigest | undefined;
  /** As the JSON that was written. */
  tradeOf(index: number): string | undefined;
  /** The index of the last recorded trade: all trades before it were recorded, too. */
  readonly lastTradeIndex: number;
  /** The whole state after the event, as the JSON that was written. */
  snapshotOf(index: number): string | undefined;
  /** The step of this event is shown in the outcome, even where it is equal. */
  readonly watchedIndex?: number;
};
