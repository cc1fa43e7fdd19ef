/** The bridge's figures: latencies apart from each other, rates, counters. */
import { createLatency } from "../latency.ts";

const CLOCK_OFFSET_FILES = 100;
const RATE_SECONDS = 60;

export type Telemetry = ReturnType<typeof createTelemetry>;

export type PushedScan = {
  readonly seq: number;
  readonly scanNumber: number;
  readonly assetCount: number;
  readonly mtimeUs: number;
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
      if (scan.replayed) counts.replayed += 1;
      else {
        // A backlog's waiting says nothing about the way of a scan.
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
