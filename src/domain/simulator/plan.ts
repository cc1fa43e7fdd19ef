/** When the simulator writes its scans, and what their numbers and files are called. */
import { assert } from "../assert.ts";
import { dayFromMicros, isoFromMicros, MS_PER_SECOND } from "../time.ts";

export type ScanPace = {
  /** Scans a second. */
  readonly rate: number;
  /** The upstream is silent for `forMs` after each `everyMs` of work. */
  readonly outage: { readonly everyMs: number; readonly forMs: number } | null;
};

/** When the scan with this index (from 0) is due, in milliseconds after the first. */
export function dueMs(index: number, pace: ScanPace): number {
  assert(pace.rate > 0, "scans are written at a rate");
  const workedMs = (index * MS_PER_SECOND) / pace.rate;
  if (pace.outage === null) return workedMs;
  return workedMs + Math.floor(workedMs / pace.outage.everyMs) * pace.outage.forMs;
}

/** Counts up from `first`, and starts again there after every `restartEvery` scans. */
export function scanNumberAt(index: number, first: number, restartEvery: number | null): number {
  return first + (restartEvery === null ? index : index % restartEvery);
}

/** `2026-03-25/scan_000123_101530.arrow`: the scan's UTC day, its number and its UTC time. */
export function scanFileOf(scanNumber: number, timestampMicros: number): string {
  const clock = isoFromMicros(timestampMicros).slice(11, 19).replaceAll(":", "");
  const number = String(scanNumber).padStart(6, "0");
  return `${dayFromMicros(timestampMicros)}/scan_${number}_${clock}.arrow`;
}
