/** The order of scans: by file time, then by name; what is late, and what is replayed. */

/** A waiting file: `timeUs` is min(mtime, first seen), in microseconds since the epoch. */
export type Timed = { readonly timeUs: number; readonly name: string };

/** The newest scan pushed in order. */
export type Newest = Timed & { readonly scanNumber: number };

export const REPLAYED_AFTER_MS = 60_000;

export function compareScans(a: Timed, b: Timed): number {
  if (a.timeUs !== b.timeUs) return a.timeUs - b.timeUs;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * A scan is late when its file is older than the newest pushed, unless its number is above that
 * one's: then the writer's clock went back, and order goes on from its time.
 */
export function isLate(scan: Newest, newest: Newest | null): boolean {
  return newest !== null && compareScans(scan, newest) < 0 && scan.scanNumber <= newest.scanNumber;
}

/** A replayed scan was found by a start's first listing, or waited for over a minute. */
export function isReplayed(waiting: {
  readonly foundByFirstListing: boolean;
  readonly waitedMs: number;
}): boolean {
  return waiting.foundByFirstListing || REPLAYED_AFTER_MS < waiting.waitedMs;
}
