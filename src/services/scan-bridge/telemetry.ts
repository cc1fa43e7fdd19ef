/** The bridge's figures: latencies by stage, rates, counters. */
import { createLatency, type LatencySummary } from "../latency.ts";

const CLOCK_OFFSET_FILES = 100;
const RATE_SECONDS = 60;
/** This many consecutive late scans are not stragglers. */
const LATE_RUN_MIN = 20;

export type Telemetry = ReturnType<typeof createTelemetry>;

export type PushedScan = {
  readonly seq: number;
  readonly scanNumber: number;
  readonly assetCount: number;
  readonly mtimeUs: number;
  /** The file time that ordered it. */
  readonly timeUs: number;
  readonly firstSeenUs: number;
  readonly late: boolean;
  readonly replayed: boolean;
};

export function createTelemetry() {
  const completeToSeen = createLatency();
  const seenToHazelcast = createLatency();
  const completeToHazelcast = createLatency();
  const offsets = new Float64Array(CLOCK_OFFSET_FILES).fill(Number.POSITIVE_INFINITY);
  const perSecond = new Float64Array(RATE_SECONDS);
  let second = 0;
  const counts = { pushed: 0, late: 0, replayed: 0, duplicates: 0, quarantined: 0, batches: 0 };
  let last: PushedScan | null = null;
  let newestUs: number | null = null;
  /** Since the last one in order, without those found by a start. */
  let lateRun = 0;

  const advance = (nowMs: number): number => {
    const now = Math.floor(nowMs / 1_000);
    if (second < now - RATE_SECONDS) second = now - RATE_SECONDS;
    while (second < now) perSecond[++second % RATE_SECONDS] = 0;
    return now % RATE_SECONDS;
  };
  return {
    counts,
    last: (): PushedScan | null => last,
    pushed(scan: PushedScan, at: { readonly hazelcastUs: number; readonly nowMs: number }): void {
      counts.pushed += 1;
      if (scan.late) counts.late += 1;
      if (!scan.late) newestUs = scan.timeUs;
      if (!scan.late) lateRun = 0;
      else if (!scan.replayed) lateRun += 1;
      if (scan.replayed) counts.replayed += 1;
      else {
        // Waiting in a backlog says nothing about latency.
        const offsetMs = (scan.firstSeenUs - scan.mtimeUs) / 1_000;
        offsets[counts.pushed % CLOCK_OFFSET_FILES] = offsetMs;
        completeToSeen.add(offsetMs);
        seenToHazelcast.add((at.hazelcastUs - scan.firstSeenUs) / 1_000);
        completeToHazelcast.add((at.hazelcastUs - scan.mtimeUs) / 1_000);
      }
      const slot = advance(at.nowMs);
      perSecond[slot] = perSecond[slot]! + 1;
      last = scan;
    },
    /** A problem that shows only over many scans: a writer whose clock went back, which makes all of them late. */
    trouble(): string | null {
      if (lateRun < LATE_RUN_MIN || last === null) return null;
      const behindS = newestUs === null ? 0 : Math.round((newestUs - last.timeUs) / 1_000_000);
      const behind = 0 < behindS ? `, by ${behindS} s at present` : "";
      return (
        `the last ${lateRun} scans are all late: their files are older than the newest before ` +
        `them${behind}; the writer's clock went back or was ahead before, or old files are being added`
      );
    },
    /** The heartbeat's own counters. */
    summary(nowMs: number) {
      advance(nowMs);
      const offset = Math.min(...offsets);
      return {
        ...counts,
        scans_per_min: perSecond.reduce((sum, n) => sum + n, 0),
        last_seq: last?.seq ?? null,
        last_scan_number: last?.scanNumber ?? null,
        asset_count: last?.assetCount ?? null,
        complete_to_seen_ms: completeToSeen.summary(),
        seen_to_hazelcast_ms: seenToHazelcast.summary(),
        complete_to_hazelcast_ms: completeToHazelcast.summary(),
        writer_clock_offset_ms: Number.isFinite(offset) ? round(offset) : null,
      };
    },
  };
}

function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1_000) / 1_000;
}

type Figure = number | string | null;

/** `seen_to_hazelcast_ms: {p50, p99}` becomes `seen_to_hazelcast_ms_p50` and `..._p99`. */
export function flattenFigures(
  figures: Record<string, Figure | LatencySummary>,
): Record<string, Figure> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([key, value]) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).map(([part, ms]) => [`${key}_${part}`, ms] as const)
        : [[key, value] as const],
    ),
  );
}
