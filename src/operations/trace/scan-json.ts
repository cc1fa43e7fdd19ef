/** The way of a scan as `dolphin trace --json` prints it and the dashboard draws it. */
import type { ScanWay } from "../../adapters/scan-journal/way/scan-ways.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type { Hops } from "../../domain/trace/stations.ts";
import type { ScanTrace } from "./trace-scan.ts";

export function scanJson({ scan, decision, ways }: ScanTrace) {
  return {
    ...scanHead(scan),
    decision: decision && {
      index: decision.log_index,
      class: decision.class,
      outcome: decision.outcome,
      refusal: decision.refusal,
    },
    ways: ways.map(({ order, stations, ...hops }) => ({
      order: order && {
        client_order_id: order.client_order_id,
        position_id: order.position_id,
        asset: order.asset,
        side: order.side,
        purpose: order.purpose,
        status: order.status,
        fills: order.fills,
      },
      stations: stations.map(({ name, atUs, says }) => ({
        name,
        at: atUs === null ? null : isoFromMicros(atUs),
        at_us: atUs,
        says,
      })),
      ...hopsJson(hops),
    })),
  };
}

export function scanHead({ seq, file, scanNumber, late, replayed }: ScanWay) {
  return { seq, scan_number: scanNumber, file, late, replayed };
}

export function hopsJson({ hops, totalUs }: Hops) {
  return { hops, total_us: totalUs };
}
