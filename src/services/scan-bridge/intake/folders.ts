/**
 * The known state of the day folders, and generators that search one, with a step for every name, so that the caller
 * decides how much is done at a time.
 */
import { isNearlyScanName } from "../../../domain/scan/archive-names.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";
import type { Intake, Listing } from "./intake.ts";

export type FoldersDeps = {
  readonly archive: ArchiveReader;
  readonly intake: Intake;
  readonly nowMs: () => number;
  readonly onProgress: () => void;
  readonly log: (line: string) => void;
};

/** A folder listed this soon after a change may have changed again with the same time stamp. */
const FRESH_MS = 2_000;

/** Names that need no examination; about a tenth of a millisecond of work. */
const NAMES_PER_STEP = 100;

/** When a folder with this mark was first listed, and whether it must be listed once more. */
type Listed = { readonly mark: string; readonly listedMs: number; readonly isFresh: boolean };

export class Folders {
  readonly #deps: FoldersDeps;
  readonly #listed = new Map<string, Listed>();
  /** Days with names that almost match those of scans, for which a warning was logged. */
  readonly #nearlyReported = new Set<string>();

  constructor(deps: FoldersDeps) {
    this.#deps = deps;
  }

  /** Makes the folders of this day and later ones be listed at their next visit. */
  forgetFrom(first: string): void {
    for (const day of this.#listed.keys()) if (first <= day) this.#listed.delete(day);
  }

  /** Makes this folder be listed at its next visit: its time may not change although files come. */
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
        // On a share each of these is a round trip.
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

  /** Checks every file against the journal: finds files that were rewritten without an event. */
  *sweep(day: string, listing: Listing): Generator<void> {
    const { archive, intake, onProgress } = this.#deps;
    for (const name of archive.names(day)) {
      intake.stage(listing, `${day}/${name}`, false);
      onProgress();
      yield;
    }
  }

  #tellNearly(day: string, name: string): void {
    if (this.#nearlyReported.has(day)) return;
    this.#nearlyReported.add(day);
    const file = JSON.stringify(`${day}/${name}`);
    this.#deps.log(
      `${file} and similar files in that folder are not read: a scan's name ends in .arrow`,
    );
  }
}
