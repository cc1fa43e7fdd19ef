/**
 * The forecasts of a book: `<data-dir>/forewarn/BOOK.jsonl`, one line each, oldest first; and `BOOK.json`, the newest
 * with the outcomes of the earlier ones.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "../../domain/failure.ts";
import type { ToldOutcome } from "../../domain/forewarn/outcomes.ts";
import { isoFromMs, msFromIso } from "../../domain/time.ts";
import { forewarnNowFile } from "../../wire/forewarn/forewarn-place.ts";
import {
  EARLIER_MAX,
  type ForewarnNow,
  ForewarnRecord,
} from "../../wire/forewarn/forewarn-record.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

/** Several years of one a day. */
const RECORDS_MAX = 2_000;

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

/** Rewrites the whole file with one rename: it is small, and a torn line would lose a forecast. */
export function appendForewarning(dataDir: string, record: ForewarnRecord): void {
  const path = forewarnFile(dataDir, record.book);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const kept = linesOf(path).slice(1 - RECORDS_MAX);
  putWhole(path, [...kept, JSON.stringify(record)].join("\n"));
}

/** The file that the watchdog reads and charts are drawn from. */
export function putForewarning(
  dataDir: string,
  record: ForewarnRecord,
  outcomes: readonly ToldOutcome[],
): void {
  const earlier = outcomes.slice(-EARLIER_MAX).map((one) => ({
    as_of: isoFromMs(one.fromMs),
    horizon_end: isoFromMs(one.endMs),
    end: one.end,
    low: one.low,
    high: one.high,
    left_envelope: one.came,
  }));
  const now: ForewarnNow = { ...record, earlier };
  putWhole(forewarnNowFile(dataDir, record.book), JSON.stringify(now));
}

function putWhole(path: string, text: string): void {
  const staging = `${path}.${process.pid}.new`;
  writeFileSync(staging, `${text}\n`, { mode: 0o600 });
  renameSync(staging, path);
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}
