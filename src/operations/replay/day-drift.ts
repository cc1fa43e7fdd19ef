/**
 * Compares a book's recorded day with a run of the same day from the archive, with the book's configuration and
 * initial state. Returns the reason where that is impossible.
 */
import {
  type ArchivedDay,
  beginArchivedDay,
  takeArchived,
} from "../../domain/backtest/drift/archived-day.ts";
import { driftBetween } from "../../domain/backtest/drift/drift.ts";
import {
  beginRecordedDay,
  type RecordedDay,
  takeRecorded,
} from "../../domain/backtest/drift/recorded-day.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import type { ArchiveChunk } from "../../wire/day-file/archive-chunk.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import { readScans } from "../../adapters/archive/days/read-scans.ts";
import { openSeqLookup } from "../../adapters/scan-journal/seq-lookup.ts";
import type { ReplayProgram } from "./day-versions.ts";
import { booksAsKnown, readingsAsKnown } from "./day-readings.ts";
import { openRecordedDay } from "./replay-day.ts";
import { NotComparable } from "./not-comparable.ts";
import { SegmentLogError } from "../../adapters/event-log/segments/segment-log-error.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";

export type DayDriftJob = {
  readonly place: SegmentLogPlace;
  readonly day: string;
  readonly program: ReplayProgram;
  readonly archive: string;
  /** The data directory of the bridge whose journal has the seqs of the files. */
  readonly dataDir: string;
  readonly onProblem: (problem: string) => void;
};

/** Decisions and readings are held in memory. */
const RECORDED_MAX = 1_000_000;

export async function measureDayDrift(job: DayDriftJob): Promise<DayDrift> {
  const about = { book: job.place.book, day: job.day };
  try {
    return { ...about, ...(await measure(job)) };
  } catch (error) {
    const isExpected = error instanceof NotComparable || error instanceof SegmentLogError;
    if (!isExpected) throw error;
    return { ...about, measured: false, reason: error.message };
  }
}

async function measure(job: DayDriftJob) {
  const folded = foldRecorded(job);
  const { day, dataDir, place, program } = job;
  const readings = readingsAsKnown({ recorded: folded, day, dataDir });
  const recorded = { ...folded, readings };
  const events = () => openRecordedDay(place, day, program).events();
  const archived = beginArchivedDay(
    recorded,
    program,
    booksAsKnown({ recorded, day, dataDir }, events),
  );
  const scans = await runArchived(job, archived);
  if (scans.archived === 0) throw new NotComparable(absentText(job, recorded, scans.unnumbered));
  return {
    measured: true as const,
    scans: { recorded: recorded.trace.decisions.size, ...scans },
    ...driftBetween(recorded.trace, archived.trace),
  };
}

function foldRecorded({ place, day, program }: DayDriftJob): RecordedDay {
  const events = openRecordedDay(place, day, program);
  let recorded: RecordedDay | null = null;
  for (const event of events.events()) {
    recorded ??= beginRecordedDay(events.trader);
    takeRecorded(recorded, event);
    if (RECORDED_MAX < recorded.trace.decisions.size + recorded.readings.length) {
      throw new NotComparable(
        `${day} has more than ${RECORDED_MAX} decisions and readings: too many to hold`,
      );
    }
  }
  if (recorded === null || recorded.seqs.last === 0) {
    throw new NotComparable(`no scan was decided on ${day}`);
  }
  const { name, carried } = recorded.trader.strategy;
  if (carried.length === 0) return recorded;
  throw new NotComparable(
    `strategy ${name} needs ${carried.join(", ")} with each scan, and the archive has none of them`,
  );
}

async function runArchived(job: DayDriftJob, day: ArchivedDay) {
  const { first, last } = day.recorded.asOfMs;
  const lookup = openSeqLookup(job.dataDir);
  const counts = { archived: 0, unnumbered: 0 };
  const source = {
    from: dayFromMicros(first * US_PER_MS),
    to: dayFromMicros(last * US_PER_MS),
    seqs: lookup.seqs,
    onProblem: job.onProblem,
  };
  try {
    for await (const chunk of readScans(job.archive, source)) {
      for (let row = 0; row < chunk.rows; row += 1) {
        if (chunk.seq[row] === 0) counts.unnumbered += 1;
        else if (takeArchived(day, scanAt(chunk, row))) counts.archived += 1;
      }
    }
  } finally {
    lookup.close();
  }
  return counts;
}

function scanAt(chunk: ArchiveChunk, row: number) {
  const { assets, prices, eigenvalues, eigenvalueOffsets } = chunk;
  const eigenvaluesAt = eigenvalueOffsets[row]!;
  return {
    seq: chunk.seq[row]!,
    scanNumber: chunk.scanNumber[row]!,
    asOfMs: chunk.timesUs[row]! / US_PER_MS,
    assets,
    prices,
    pricesAt: row * assets.length,
    eigenvalues,
    eigenvaluesAt,
    eigenvalueCount: eigenvalueOffsets[row + 1]! - eigenvaluesAt,
  };
}

function absentText({ archive }: DayDriftJob, { seqs }: RecordedDay, unnumbered: number): string {
  const none = `${archive} has no scan of seq ${seqs.first} to ${seqs.last}`;
  if (unnumbered === 0) return none;
  return (
    `${none}: the bridge's journal in the data directory has no seq for ${unnumbered} scans; ` +
    "is it the data directory of the bridge that pushed them?"
  );
}
