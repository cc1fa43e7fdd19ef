/** The order of scans: by file time, then by name; which scans are late, and which are replayed. */

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
 * Order of waiting files with one time: as the writer counts, `scan_9` before `scan_10`. File times on a share may be
 * as coarse as two seconds.
 */
export function compareWaiting(a: Timed, b: Timed): number {
  if (a.timeUs !== b.timeUs) return a.timeUs - b.timeUs;
  return compareNames(a.name, b.name) || compareScans(a, b);
}

const NUMBER = /\d+/y;

/** Compares as text, but each run of digits as one number; zero for numbers that differ in leading zeros. */
function compareNames(a: string, b: string): number {
  let [at, other] = [0, 0];
  while (at < a.length && other < b.length) {
    const [one, two] = [numberAt(a, at), numberAt(b, other)];
    if (one === "" || two === "") {
      if (a[at] !== b[other]) return a.slice(at) < b.slice(other) ? -1 : 1;
      at += 1;
      other += 1;
      continue;
    }
    const [digits, otherDigits] = [withoutZeros(one), withoutZeros(two)];
    if (digits.length !== otherDigits.length) return digits.length - otherDigits.length;
    if (digits !== otherDigits) return digits < otherDigits ? -1 : 1;
    at += one.length;
    other += two.length;
  }
  return a.length - at - (b.length - other);
}

/** Empty where no number begins. */
function numberAt(text: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(text)?.[0] ?? "";
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, "");
}

/**
 * A scan is late when its file is older than the newest pushed, unless its scan number is higher: then the writer's
 * clock went back, and the order continues from its time.
 */
export function isLate(scan: Newest, newest: Newest | null): boolean {
  return newest !== null && compareScans(scan, newest) < 0 && scan.scanNumber <= newest.scanNumber;
}

/** A replayed scan was found by the first listing after a start, or waited for over a minute. */
export function isReplayed(waiting: {
  readonly foundByFirstListing: boolean;
  readonly waitedMs: number;
}): boolean {
  return waiting.foundByFirstListing || REPLAYED_AFTER_MS < waiting.waitedMs;
}
