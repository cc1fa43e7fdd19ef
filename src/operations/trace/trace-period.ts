/** Percentiles of each hop of the live scans that were pushed in a period. */
import type { ScanWay, ScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { createHopFigures, type Figures } from "../../domain/trace/hop-figures.ts";
import type { Hops } from "../../domain/trace/stations.ts";
import { hopsOfScan, type TraceSources } from "./trace-scan.ts";

/** The newest of a period that are looked at: 5.5 hours at 50 a second, and 40 MB. */
const SCANS_MAX = 1_000_000;
const SLOWEST = 10;

/** From a time to before another, in microseconds. */
export type Period = { readonly sinceUs: number; readonly untilUs: number };

export type PeriodTrace = Figures<ScanWay> & {
  readonly scans: number;
  /** Not in the figures: they waited for reasons of their own. */
  readonly replayed: number;
  readonly late: number;
  /** Of the live ones, those of which BLUE's projection knows no event. */
  readonly unheard: number;
  /** Older ones of the period that were left out, as they are too many. */
  readonly leftOut: number;
};

export function tracePeriod(
  sources: TraceSources,
  period: Period,
  /** Told of each live scan, for who sends them on. */
  onScan: (scan: ScanWay, hops: Hops) => void = () => {},
): PeriodTrace {
  const { scans, book } = sources;
  const figures = createHopFigures<ScanWay>(SLOWEST);
  const counts = { scans: 0, replayed: 0, late: 0, unheard: 0 };
  const { from, end, leftOut } = boundsOf(scans, period);
  const fills = book?.firstFills(from, end);
  for (const scan of scans.from(from)) {
    if (end <= scan.seq) break;
    counts.scans += 1;
    if (scan.replayed) counts.replayed += 1;
    if (scan.late) counts.late += 1;
    if (scan.replayed || scan.late) continue;
    const event = book?.decisionOn(scan.seq)?.at_ms ?? null;
    if (event === null) counts.unheard += 1;
    const hops = hopsOfScan(scan, { event, fill: fills?.get(scan.seq) ?? null });
    figures.add(scan, hops);
    onScan(scan, hops);
  }
  return { ...figures.figures(), ...counts, leftOut };
}

/** By the time of the push; up to before `end`. */
function boundsOf(scans: ScanWays, { sinceUs, untilUs }: Period) {
  const behind = (scans.lastSeq() ?? 0) + 1;
  const first = scans.firstSeqSince(sinceUs) ?? behind;
  const end = scans.firstSeqSince(untilUs) ?? behind;
  const from = Math.max(first, end - SCANS_MAX);
  return { from, end, leftOut: from - first };
}
