/** Percentiles of each hop, over the live scans pushed in a period. */
import type { ScanWay, ScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { createHopFigures, type Figures } from "../../domain/trace/hop-figures.ts";
import type { Hops } from "../../domain/trace/stations.ts";
import { hopsOfScan, type TraceSources } from "./trace-scan.ts";

/** Newest scans of a period that are examined: 5.5 hours at 50 a second, and 40 MB. */
const SCANS_MAX = 1_000_000;
const SLOWEST = 10;

/** The half-open interval [since, until), in microseconds. */
export type Period = { readonly sinceUs: number; readonly untilUs: number };

export type PeriodTrace = Figures<ScanWay> & {
  readonly scans: number;
  /** Not part of the figures, because they waited for other reasons. */
  readonly replayed: number;
  readonly late: number;
  /** Live scans for which BLUE's projection has no event. */
  readonly unheard: number;
  /** Older scans of the period that were left out, because there were too many. */
  readonly leftOut: number;
};

export function tracePeriod(
  sources: TraceSources,
  period: Period,
  /** Called with each live scan, for sending them on. */
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

/** By the time of the push; `end` is exclusive. */
function boundsOf(scans: ScanWays, { sinceUs, untilUs }: Period) {
  const behind = (scans.lastSeq() ?? 0) + 1;
  const first = scans.firstSeqSince(sinceUs) ?? behind;
  const end = scans.firstSeqSince(untilUs) ?? behind;
  const from = Math.max(first, end - SCANS_MAX);
  return { from, end, leftOut: from - first };
}
