/** Requests snapshots for assets whose changes wait for one: one at a time, with a delay after a failure. */
import { messageOf } from "../../domain/failure.ts";
import type { DepthSnapshot } from "../../wire/order-book/slow-depth.ts";
import type { BookBoard } from "./book-board.ts";

export type SnapshotsOptions = {
  readonly board: BookBoard;
  readonly ask: (asset: string) => Promise<DepthSnapshot>;
  readonly nowMs: () => number;
  readonly wallMs: () => number;
};

/** At a weight of twenty each: half of the venue's limit per minute. */
const APART_MS = 1_000;
const AFTER_FAILURE_MS = 5_000;
/** The next assets buffer their changes, because a snapshot may be slightly older than its answer. */
const NEXT = 4;

export class Snapshots {
  readonly #options: SnapshotsOptions;
  #isAsking = false;
  #nextMs = 0;
  #last = "";
  trouble: string | null = null;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  tick(): void {
    const { board, nowMs } = this.#options;
    const wanting = board.wanting().toSorted();
    // Round-robin, so that one that always fails does not block the others.
    const later = wanting.filter((one) => this.#last < one);
    const queue = [...later, ...wanting.filter((one) => one <= this.#last)];
    board.holdFor([...queue.slice(0, NEXT), ...(this.#isAsking ? [this.#last] : [])]);
    if (this.#isAsking || nowMs() < this.#nextMs) return;
    const [asset] = queue;
    if (asset === undefined) {
      this.trouble = null;
      return;
    }
    this.#last = asset;
    this.#isAsking = true;
    void this.#fetch(asset);
  }

  async #fetch(asset: string): Promise<void> {
    const { board, ask, nowMs, wallMs } = this.#options;
    try {
      const snapshot = await ask(asset);
      board.snapshot(asset, snapshot, { wallMs: wallMs(), monotonicMs: nowMs() });
      this.trouble = null;
      this.#nextMs = nowMs() + APART_MS;
    } catch (error) {
      this.trouble = messageOf(error);
      this.#nextMs = nowMs() + AFTER_FAILURE_MS;
    } finally {
      this.#isAsking = false;
    }
  }
}
