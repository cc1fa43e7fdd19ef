/**
 * Reserved disk space: a file that is deleted when the disk is full, so that the alert about the full disk can still
 * be stored and sent.
 */
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs } from "../clock.ts";

const BYTES = 4 * 1_048_576;
/** With this much free space it is created again. */
const FREE_BYTES_MIN = 16 * BYTES;
const POLL_MS = 60_000;

export class Reserve {
  readonly #folder: string;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether there was one. */
  giveUp(): boolean {
    const isThere = statSync(this.#path, { throwIfNoEntry: false }) !== undefined;
    rmSync(this.#path, { force: true });
    return isThere;
  }

  /** Called once a minute; never throws. */
  keep(): void {
    if (monotonicMs() - this.#lookedMs < POLL_MS) return;
    this.#lookedMs = monotonicMs();
    try {
      if ((statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) === BYTES) return;
      const { bavail, bsize } = statfsSync(this.#folder);
      if (FREE_BYTES_MIN <= bavail * bsize) this.#make();
    } catch {
      // It is created when there is room.
    }
  }

  get #path(): string {
    return join(this.#folder, "reserve");
  }

  #make(): void {
    const file = openSync(this.#path, "w", 0o600);
    try {
      writeSync(file, Buffer.alloc(BYTES, 1));
    } finally {
      closeSync(file);
    }
  }
}
