/**
 * A day in the order in which it was written, even where its files' times are those of a copy: file times are first
 * compared with scan numbers and timestamps, and only a day that contradicts them is sorted.
 */
import { agreedTimes, type DayKeys, orderOfDay } from "../../../../domain/scan/archive-order.ts";
import { STAMP_TOLERANCE_MS } from "../../../../domain/scan/archive-clock.ts";
import { MS_PER_DAY, MS_PER_HOUR, US_PER_MS } from "../../../../domain/time.ts";
import type { ArchiveChunk } from "../../../../wire/day-file/archive-chunk.ts";
import { keptChunk, picked, type PickedRow } from "./picked-rows.ts";

export type DayPlan = {
  readonly firstUs: number;
  readonly chunks: () => AsyncGenerator<ArchiveChunk>;
  readonly close: () => void;
};

export type Unordered = {
  readonly day: string;
  readonly plan: DayPlan;
  /** The same plan again, without reports. */
  readonly again: () => Promise<DayPlan>;
  readonly onReordered: (day: string, moved: number) => void;
};

/** Tolerance between the clocks of writer and file system. */
const SLACK_US = MS_PER_HOUR * US_PER_MS;
const TOLERANCE_US = STAMP_TOLERANCE_MS * US_PER_MS;

/** Whether the file times are plausible arrival times for the day's scans. */
export function areOfDay(day: string, firstUs: number, lastUs: number): boolean {
  const { fromUs, toUs } = spanOf(day);
  return fromUs - SLACK_US <= firstUs && lastUs < toUs + SLACK_US;
}

export async function orderedDay({ day, plan, again, onReordered }: Unordered): Promise<DayPlan> {
  const keys = await keysOf(again);
  const { order, moved } = orderOfDay(keys);
  if (order === null && areOfDay(day, keys.firstFileUs, keys.lastFileUs)) return plan;
  if (0 < moved) onReordered(day, moved);
  const timesUs = order === null ? keys.timesUs : order.map((at) => keys.timesUs[at]!);
  const comeUs = comingTimes(day, timesUs);
  return {
    firstUs: comeUs[0] ?? Infinity,
    chunks: () =>
      order === null ? retimed(plan.chunks(), comeUs) : sorted(plan.chunks(), { order, comeUs }),
    close: plan.close,
  };
}

type FoundKeys = DayKeys & { readonly firstFileUs: number; readonly lastFileUs: number };

async function keysOf(again: () => Promise<DayPlan>): Promise<FoundKeys> {
  const numbers: number[] = [];
  const timesUs: number[] = [];
  let firstFileUs = Infinity;
  let lastFileUs = -Infinity;
  const plan = await again();
  try {
    for await (const chunk of plan.chunks()) {
      for (let row = 0; row < chunk.rows; row += 1) {
        numbers.push(chunk.scanNumber[row]!);
        timesUs.push(chunk.timesUs[row]!);
        firstFileUs = Math.min(firstFileUs, chunk.fileTimeUs[row]!);
        lastFileUs = Math.max(lastFileUs, chunk.fileTimeUs[row]!);
      }
    }
  } finally {
    plan.close();
  }
  return { numbers, timesUs, firstFileUs, lastFileUs };
}

/** Strictly ascending, so that an interrupted reading can find its place again. */
function comingTimes(day: string, timesUs: readonly number[]): readonly number[] {
  const { fromUs, toUs } = spanOf(day);
  let lastUs = -Infinity;
  return agreedTimes(timesUs, TOLERANCE_US).map((timeUs) => {
    lastUs = Math.max(lastUs + 1, Math.min(Math.max(timeUs, fromUs), toUs));
    return lastUs;
  });
}

async function* retimed(
  chunks: AsyncGenerator<ArchiveChunk>,
  comeUs: readonly number[],
): AsyncGenerator<ArchiveChunk> {
  let at = 0;
  for await (const chunk of chunks) {
    const from = at;
    at += chunk.rows;
    const fileTimeUs = Float64Array.from({ length: chunk.rows }, (_, row) =>
      timeAt(comeUs, from + row),
    );
    yield { ...chunk, fileTimeUs };
  }
}

/** The whole day is in memory meanwhile. */
async function* sorted(
  chunks: AsyncGenerator<ArchiveChunk>,
  { order, comeUs }: { readonly order: readonly number[]; readonly comeUs: readonly number[] },
): AsyncGenerator<ArchiveChunk> {
  const rows: PickedRow[] = [];
  for await (const chunk of chunks) {
    const kept = keptChunk(chunk);
    for (let row = 0; row < kept.rows; row += 1) rows.push({ chunk: kept, row });
  }
  // If files were added or removed meanwhile, the precomputed indexes no longer apply.
  const places = order.length === rows.length ? order : orderOfRows(rows);
  const inOrder = places.map((place, at) => ({ ...rows[place]!, fileTimeUs: timeAt(comeUs, at) }));
  yield* picked(inOrder);
}

function orderOfRows(rows: readonly PickedRow[]): readonly number[] {
  const numbers = rows.map(({ chunk, row }) => chunk.scanNumber[row]!);
  const timesUs = rows.map(({ chunk, row }) => chunk.timesUs[row]!);
  return orderOfDay({ numbers, timesUs }).order ?? rows.map((_, at) => at);
}

/** The time at an index; an index after the last known one is after all of them. */
function timeAt(comeUs: readonly number[], at: number): number {
  const known = comeUs.length - 1;
  return at <= known ? comeUs[at]! : (comeUs[known] ?? 0) + at - known;
}

function spanOf(day: string): { readonly fromUs: number; readonly toUs: number } {
  const fromUs = startOfDayUs(day);
  return { fromUs, toUs: fromUs + MS_PER_DAY * US_PER_MS };
}

export function startOfDayUs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) * US_PER_MS;
}
