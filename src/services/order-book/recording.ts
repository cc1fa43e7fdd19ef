/**
 * Decides which books are recorded: those that are published, with the time of publication, so that a run over the
 * archive knows what a trader knew. While Hazelcast is away, received books are recorded, each as known from its
 * receipt on.
 */
import type { BookRecorder } from "../../adapters/order-book/book-recorder.ts";
import type { BoardBook } from "./book-board.ts";
import { everySoOften } from "./every-so-often.ts";

export type RecordingOptions = {
  /** Null: nothing is recorded. */
  readonly recorder: BookRecorder | null;
  /** Every published book, not only those that are due by the recorder's own period. */
  readonly keepsAll: boolean;
  readonly wallMs: () => number;
  readonly say: (level: "info", line: string) => void;
};

export type Recording = {
  published(book: BoardBook, knownMs: number): void;
  /** `isPublished`: whether it will be published. */
  heard(book: BoardBook, isPublished: boolean): void;
  /** Called several times a second; by the monotonic clock. */
  tick(nowMs: number): void;
};

const FLUSH_EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 600_000;

export function createRecording({ recorder, keepsAll, wallMs, say }: RecordingOptions): Recording {
  const prune = async (): Promise<void> => {
    const removed = (await recorder?.prune(wallMs())) ?? [];
    for (const name of removed) say("info", `recorded books of ${name} are removed`);
  };
  const flushNow = everySoOften(FLUSH_EVERY_MS, () => void recorder?.flush(wallMs()));
  const pruneNow = everySoOften(PRUNE_EVERY_MS, () => void prune());
  return {
    published(book, knownMs) {
      if (keepsAll) recorder?.keep({ ...book, knownMs });
      else recorder?.offer({ ...book, knownMs });
    },
    heard(book, isPublished) {
      if (!isPublished) recorder?.offer({ ...book, knownMs: book.receivedMs });
    },
    tick(nowMs) {
      flushNow(nowMs);
      pruneNow(nowMs);
    },
  };
}
