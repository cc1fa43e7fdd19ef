/** What was recorded of a run besides its events, as a replay asks for it; undefined: nothing was. */
import type { StepDigest } from "./step-digest.ts";

export type StoredDigest = Omit<StepDigest, "index">;

export type ReplayRecords = {
  digestOf(index: number): StoredDigest | undefined;
  /** As the JSON that was written. */
  tradeOf(index: number): string | undefined;
  /** The index of the last recorded trade: those before it were recorded, too. */
  readonly lastTradeIndex: number;
  /** The whole state after the event, as the JSON that was written. */
  snapshotOf(index: number): string | undefined;
  /** The step with this event is shown in the outcome, also where it is equal. */
  readonly watchedIndex?: number;
};
