/**
 * What is known of the day folders, and the ways to look through one. Each way is a generator with
 * a step for every name, so that its caller decides how much is done at a time.
 */
import { isNearlyScanName } from "../../../domain/scan/archive-names.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import type { Intake, Listing } from "./intake.ts";

export type FoldersDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly nowMs: () => number;
  readonly onProgress: () => void;
  readonly log: (line: string) => void;
};

/** A folder listed this soon after it changed may have changed again at the same time stamp. */
const FRESH_MS = 2_000;

/** Of names that need no look; a tenth of a millisecond's worth. */
const NAMES_PER_STEP = 100;

/** When a folder with this mark was first listed, and whether it must be listed once more. */
type Listed = { readonly mark: string; readonly listedMs: number; readonly isFresh: boolean };

export class Folders {
  readonly #deps: FoldersDeps;
  readonly #listed = new Map<string, Listed>();
  /** Days whose folder holds names that are nearly those of scans, and for which this was reported. */
  readonly #nearlyTold = new Set<string>();

  constructor(deps: FoldersDeps) {
    this.#deps = deps;
  }

  /** Has the folders of this day and later ones listed at their next visit. */
  forgetFrom(first: string): void {
    for (const day of this.#listed.keys()) if (first <= day) this.#listed.delete(day);
  }

  /** Has this folder listed at its next visit: its time may stand still while files come. */
  forgetDay(day: string): void {
    this.#listed.delete(day);
  }

  /** Lists the day when its folder has changed, or may have. */
  *visit(day: string, listing: Listing, foundByFirstListing: boolean): Generator<void> {
    const { archive, intake, nowMs, onProgress } = this.#deps;
    const mark = archive.mark(day);
    if (mark === null) {
      this.#listed.delete(day);
      return;
    }
    const before = this.#listed.get(day);
    const isSame = before?.mark === mark;
    if (isSame && !before.isFresh) return;
    const listedMs = nowMs();
    let passedOver = 0;
    for (const name of archive.names(day)) {
      passedOver += 1;
      if (!intake.isPassedOver(day, name)) {
        intake.stage(listing, `${day}/${name}`, foundByFirstListing);
        // On a share each of these asks the other machine, which may take its time.
        onProgress();
        passedOver = NAMES_PER_STEP;
      }
      if (isNearlyScanName(name)) this.#tellNearly(day, name);
      if (passedOver < NAMES_PER_STEP) continue;
      passedOver = 0;
      yield;
    }
    this.#listed.set(day, {
      mark,
      listedMs: isSame ? before.listedMs : listedMs,
      isFresh: !isSame || listedMs - before.listedMs < FRESH_MS,
    });
  }

  /** Asks the journal about every file: finds what was rewritten without an event. */
  *sweep(day: string, listing: Listing): Generator<void> {
    const { archive, intake, onProgress } = this.#deps;
    for (const name of archive.names(day)) {
      intake.stage(listing, `${day}/${name}`, false);
      onProgress();
      yield;
    }
  }

  #tellNearly(day: string, name: string): void {
    if (this.#nearlyTold.has(day)) return;
    this.#nearlyTold.add(day);
    const file = JSON.stringify(`${day}/${name}`);
    this.#deps.log(
      `${file} and the like in that folder are not read: a scan's name ends in .arrow`,
    );
  }
}
