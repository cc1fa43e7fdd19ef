/** Finds a file that was renamed while no bridge watched, by its modification time, which a rename keeps. */
import type { ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { isScanName } from "../../../domain/scan/archive-names.ts";
import type { ArchiveReader } from "../archive/archive-reader.ts";

/** Files of a day's folder that are not in the journal and have this modification time. */
export type RenamedFiles = {
  /** Uses a listing that may be some seconds old, which is enough where a miss is cheap. */
  find(day: string, mtimeUs: number): readonly string[];
  /** Makes the next `find` list again, so that recently renamed files are found. */
  listAnew(): void;
};

export type RenamedDeps = {
  readonly archive: Pick<ArchiveReader, "names" | "stat">;
  readonly journal: Pick<ScanJournal, "file">;
  readonly nowMs: () => number;
};

/** A start or a refill asks for many files: one listing serves them all. */
const LISTING_KEPT_MS = 10_000;
/** On a share each stat is a round trip; in a longer backlog a renamed file counts as gone. */
const STATS_MAX = 5_000;

type Listing = {
  readonly day: string;
  readonly atMs: number;
  readonly byTime: ReadonlyMap<number, readonly string[]>;
};

export function createRenamedFiles(deps: RenamedDeps): RenamedFiles {
  let listing: Listing | null = null;
  return {
    find(day, mtimeUs) {
      const isKept = listing?.day === day && deps.nowMs() - listing.atMs < LISTING_KEPT_MS;
      if (listing === null || !isKept) {
        listing = { day, atMs: deps.nowMs(), byTime: unknownByTime(deps, day) };
      }
      return listing.byTime.get(mtimeUs) ?? [];
    },
    listAnew() {
      listing = null;
    },
  };
}

function unknownByTime({ archive, journal }: RenamedDeps, day: string): Listing["byTime"] {
  const byTime = new Map<number, string[]>();
  let stats = 0;
  try {
    for (const name of archive.names(day)) {
      const file = `${day}/${name}`;
      if (!isScanName(name) || journal.file(file) !== null) continue;
      if (STATS_MAX < (stats += 1)) break;
      const mtimeUs = archive.stat(file)?.mtimeUs;
      if (mtimeUs !== undefined) byTime.set(mtimeUs, [...(byTime.get(mtimeUs) ?? []), file]);
    }
  } catch {
    // A folder that cannot be read now has no readable files either.
  }
  return byTime;
}
