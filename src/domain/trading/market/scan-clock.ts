/**
 * The offset of the scans' timestamps from the trader's clock: the running median of arrival time minus timestamp. An
 * offset common to most scans is a wrong clock, and is subtracted within a bound; a single scan's offset is its age.
 * Invariant: it follows from the events alone, so a replay measures the same.
 */
import { MS_PER_SECOND } from "../../time.ts";
import type { ScanEvent } from "../events.ts";
import { emitNote, type ScanClock, type Trader } from "../state.ts";

/** Odd, so that the median is one of them. */
const OFFSETS_MAX = 31;
const OFFSETS_MIN = 5;
/** Up to this the offset is normal latency. */
const LATENCY_MAX_MS = 5_000;
/**
 * More than half must be this near to the median, otherwise there is no common offset: for example while a backlog is
 * caught up.
 */
const ALIKE_WITHIN_MS = 5_000;
/** Hysteresis: without it a note would come with every other scan. */
const BACK_AT_SHARE = 0.9;
const SORTED = new Float64Array(OFFSETS_MAX);

/** Measures a scan that came live and in order, before it is classified. */
export function measureClock(trader: Trader, event: ScanEvent): void {
  const { scanOffsetMaxMs } = trader.configuration;
  if (scanOffsetMaxMs === undefined) return;
  trader.data.clock ??= { offsets: [], medianMs: 0, steadyMs: 0, takenMs: 0, told: "in_time" };
  const { clock } = trader.data;
  const { offsets } = clock;
  offsets.push(event.nowMs - event.asOfMs);
  if (OFFSETS_MAX < offsets.length) offsets.shift();
  clock.medianMs = medianOf(offsets);
  clock.steadyMs = steadyOffset(clock);
  const bound = clock.told === "off" ? scanOffsetMaxMs * BACK_AT_SHARE : scanOffsetMaxMs;
  clock.takenMs = Math.abs(clock.steadyMs) <= bound ? clock.steadyMs : 0;
  if (OFFSETS_MIN <= offsets.length) noteChange(trader, clock);
}

function medianOf(offsets: readonly number[]): number {
  const sorted = SORTED.subarray(0, offsets.length);
  sorted.set(offsets);
  sorted.sort();
  return sorted[sorted.length >> 1]!;
}

/** 0 where there is no common offset. */
function steadyOffset({ offsets, medianMs, told }: ScanClock): number {
  const leastMs = told === "taken_off" ? LATENCY_MAX_MS / 2 : LATENCY_MAX_MS;
  if (offsets.length < OFFSETS_MIN || Math.abs(medianMs) <= leastMs) return 0;
  let alike = 0;
  for (const offset of offsets) if (Math.abs(offset - medianMs) <= ALIKE_WITHIN_MS) alike += 1;
  return offsets.length < 2 * alike ? medianMs : 0;
}

/** The part that is subtracted from the age of a scan. */
export function takenOffMs({ configuration, data }: Trader): number {
  return configuration.scanOffsetMaxMs === undefined ? 0 : (data.clock?.takenMs ?? 0);
}

/** The whole common offset, whether it may be subtracted or not. */
export function steadyOffsetMs({ configuration, data }: Trader): number {
  return configuration.scanOffsetMaxMs === undefined ? 0 : (data.clock?.steadyMs ?? 0);
}

export type ScanStanding = {
  /** Positive: scans are behind. */
  readonly offsetMs: number;
  readonly takenMs: number;
  /** The offset is so large that no entry is made. */
  readonly isOff: boolean;
};

/** Null before the first scan, and where it is not measured. */
export function scanStanding(trader: Trader): ScanStanding | null {
  const { configuration, data } = trader;
  if (configuration.scanOffsetMaxMs === undefined || data.clock === undefined) return null;
  const { medianMs, takenMs } = data.clock;
  const isOff = trader.scanBudgetMs < Math.abs(medianMs - takenMs);
  return { offsetMs: medianMs, takenMs, isOff };
}

/** Null while scans are in time. */
export function offsetWords(trader: Trader): string | null {
  const standing = scanStanding(trader);
  if (standing === null) return null;
  const { offsetMs, takenMs, isOff } = standing;
  const seconds = Math.round(Math.abs(offsetMs) / MS_PER_SECOND);
  const where = `scans are ${seconds} s ${offsetMs < 0 ? "ahead of" : "behind"} the clock`;
  if (isOff) {
    const mostS = (trader.configuration.scanOffsetMaxMs ?? 0) / MS_PER_SECOND;
    return `${where}, and up to ${mostS} s are set right: nothing is entered, exits are judged at each scan as it comes`;
  }
  return takenMs === 0 ? null : `${where}: that is taken off their age`;
}

function noteChange(trader: Trader, clock: ScanClock): void {
  const isOff = scanStanding(trader)?.isOff === true;
  const now = isOff ? "off" : clock.takenMs === 0 ? "in_time" : "taken_off";
  if (now === clock.told) return;
  clock.told = now;
  emitNote(trader, "scans_off", {
    severity: now === "in_time" ? "info" : "alert",
    subject: "scans",
    detail: offsetWords(trader) ?? "scans are in time again",
  });
}
