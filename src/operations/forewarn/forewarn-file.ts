/**
 * The forecasts of a book: `<data-dir>/forewarn/BOOK.jsonl`, one line each, in the order in which they were stored;
 * and `BOOK.json`, the newest with the outcomes of the earlier ones.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lockDirectory } from "../../adapters/files/directory-lock.ts";
import { replaceFile } from "../../adapters/files/replace-file.ts";
import { codeOf } from "../../domain/failure.ts";
import { isAhead, supersedes } from "../../domain/forewarn/newest.ts";
import type { DatedOutcome } from "../../domain/forewarn/outcomes.ts";
import { isoFromMs, msFromIso } from "../../domain/time.ts";
import { forewarnNowFile } from "../../wire/forewarn/forewarn-place.ts";
import {
  EARLIER_MAX,
  type ForewarnNow,
  ForewarnRecord,
  madeMs,
} from "../../wire/forewarn/forewarn-record.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

export type Forewarning = {
  readonly record: ForewarnRecord;
  readonly outcomes: readonly DatedOutcome[];
};

/** Several years of one a day. */
const RECORDS_MAX = 2_000;
/** Each holds the lock for milliseconds. */
const LOCK_WITHIN_MS = 10_000;

export function forewarnFile(dataDir: string, book: string): string {
  return join(dataDir, "forewarn", `${book}.jsonl`);
}

/** The readable ones, in order of time; a torn or foreign line is skipped. */
export function readForewarnings(dataDir: string, book: string): readonly ForewarnRecord[] {
  const records = linesOf(forewarnFile(dataDir, book)).flatMap((line) => {
    const read = ForewarnRecord.safeParse(jsonOrNull(line));
    return read.success ? [read.data] : [];
  });
  // One that took long is stored after a later one.
  return records.toSorted((a, b) => msFromIso(a.as_of) - msFromIso(b.as_of));
}

/**
 * The newest of the present; one from the future, which was made before the clock was set back, only where there is no other.
 * Null: there is none.
 */
export function newestForewarning(
  { dataDir, book }: { readonly dataDir: string; readonly book: string },
  nowMs: number,
): ForewarnRecord | null {
  const read = ForewarnRecord.safeParse(jsonOrNull(textOf(forewarnNowFile(dataDir, book)) ?? ""));
  const standing = read.success ? read.data : null;
  if (standing !== null && !isAhead(msFromIso(standing.as_of), nowMs)) return standing;
  return readForewarnings(dataDir, book).reduce((newest, one) => {
    const newestMs = newest === null ? Number.NEGATIVE_INFINITY : msFromIso(newest.as_of);
    return supersedes(msFromIso(one.as_of), newestMs, nowMs) ? one : newest;
  }, standing);
}

/**
 * Stores a forecast among all, and as the newest unless a newer one stands there (compare-and-set, under a lock: two
 * workers and a verb may store at once). Returns whether it is the newest now. @param nowMs when it is stored
 */
export function storeForewarning(
  dataDir: string,
  { record, outcomes }: Forewarning,
  nowMs: number,
): boolean {
  const path = forewarnFile(dataDir, record.book);
  const lock = lockDirectory(dirname(path), LOCK_WITHIN_MS);
  if (lock === null) {
    throw new Error(`other processes kept ${dirname(path)} locked; no forecast was stored`);
  }
  try {
    const kept = linesOf(path).slice(1 - RECORDS_MAX);
    // It is small, and a torn line would lose a forecast.
    replaceFile(path, `${[...kept, JSON.stringify(record)].join("\n")}\n`);
    const now = forewarnNowFile(dataDir, record.book);
    if (!supersedes(msFromIso(record.as_of), madeMs(textOf(now)), nowMs)) return false;
    replaceFile(now, `${JSON.stringify(withOutcomes(record, outcomes))}\n`);
    return true;
  } finally {
    lock.release();
  }
}

/** What the watchdog reads and charts are drawn from. */
function withOutcomes(record: ForewarnRecord, outcomes: readonly DatedOutcome[]): ForewarnNow {
  const earlier = outcomes.slice(-EARLIER_MAX).map((one) => ({
    as_of: isoFromMs(one.fromMs),
    horizon_end: isoFromMs(one.endMs),
    end: one.end,
    low: one.low,
    high: one.high,
    left_envelope: one.came,
  }));
  return { ...record, earlier };
}

function linesOf(path: string): readonly string[] {
  return (textOf(path) ?? "").split("\n").filter(Boolean);
}

/** Null: there is no such file. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
