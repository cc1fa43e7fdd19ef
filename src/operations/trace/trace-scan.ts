/** The way of one scan, or of those behind a trade, from the records. */
import type { ScanWay, ScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { type Hops, hopsOf, type Station } from "../../domain/trace/stations.ts";
import type { BookWays, DecisionRow, OrderRow } from "./book-ways.ts";

export type TracedWay = Hops & {
  /** Null: the way of a scan without an order. */
  readonly order: OrderRow | null;
  readonly stations: readonly Station[];
};

export type ScanTrace = {
  readonly scan: ScanWay;
  readonly decision: DecisionRow | null;
  /** One for each order decided on it, else one of the scan alone. */
  readonly ways: readonly TracedWay[];
};

export type TraceSources = { readonly scans: ScanWays; readonly book: BookWays | null };

/** Null: no scan with this seq is in the journal. */
export function traceScan(sources: TraceSources, seq: number): ScanTrace | null {
  const scan = sources.scans.of(seq);
  if (scan === null) return null;
  const decision = sources.book?.decisionOn(seq) ?? null;
  const orders = sources.book?.ordersOn(seq) ?? [];
  const ways = orders.length === 0 ? [null] : orders;
  return {
    scan,
    decision,
    ways: ways.map((order) => wayOf(sources, { scan, decision, order })),
  };
}

/** By the id of a position or of an order: each of its orders with the scan on which it was decided. */
export function traceTrade(sources: TraceSources, id: string): readonly ScanTrace[] {
  const orders = sources.book?.ordersOf(id) ?? [];
  return orders.flatMap((order) => {
    const seq = order.decided_seq;
    const scan = sources.scans.of(seq);
    if (scan === null) return [];
    const decision = sources.book?.decisionOn(seq) ?? null;
    return [{ scan, decision, ways: [wayOf(sources, { scan, decision, order })] }];
  });
}

type TracedFacts = {
  readonly scan: ScanWay;
  readonly decision: DecisionRow | null;
  readonly order: OrderRow | null;
};

function wayOf({ book }: TraceSources, facts: TracedFacts): TracedWay {
  const stations = [...bridgeStations(facts.scan), ...bookStations(book, facts)];
  return { order: facts.order, stations, ...hopsOf(stations) };
}

/** For a scan of a period: it has few orders, which are read one at a time. */
export function hopsOfScan(
  scan: ScanWay,
  atMs: { readonly event: number | null; readonly fill: number | null },
): Hops {
  const { event, fill } = atMs;
  return hopsOf([...bridgeStations(scan), ...cameTo("event", event), ...cameTo("fill", fill)]);
}

function cameTo(name: "event" | "fill", atMs: number | null): readonly Station[] {
  return atMs === null ? [] : [{ name, atUs: atMs * US_PER_MS, says: "" }];
}

const OLD_BRIDGE = "not recorded: an older bridge pushed it, or it was restored from Hazelcast";

function bridgeStations({ mtimeUs, pushedUs, way, replayed, late }: ScanWay): readonly Station[] {
  const marks = [...(replayed ? ["replayed"] : []), ...(late ? ["late"] : [])].join(", ");
  return [
    { name: "complete", atUs: mtimeUs, says: "the writer's last change, by its clock" },
    { name: "seen", atUs: way?.seenUs ?? null, says: way === null ? OLD_BRIDGE : "" },
    { name: "decoded", atUs: way?.decodedUs ?? null, says: way === null ? OLD_BRIDGE : "" },
    { name: "pushed", atUs: pushedUs, says: marks },
  ];
}

const ONE_TIME = "within the event's step, which has a single time";

function bookStations(
  book: BookWays | null,
  { decision, order, scan }: TracedFacts,
): readonly Station[] {
  if (decision === null) {
    return [{ name: "event", atUs: null, says: unheard(book, scan.seq) }];
  }
  const refusal = decision.refusal === null ? "" : ` (${decision.refusal})`;
  const stations: Station[] = [
    {
      name: "event",
      atUs: decision.at_ms * US_PER_MS,
      says: `BLUE's event ${decision.log_index}, ${decision.class}; whole milliseconds`,
    },
    { name: "decision", atUs: null, says: `${decision.outcome}${refusal}, ${ONE_TIME}` },
  ];
  if (order === null) return stations;
  const { client_order_id: id, side, asset, purpose, status, filled_at_ms: filledMs } = order;
  stations.push({
    name: "order",
    atUs: null,
    says: `${id}: ${purpose}, ${side} ${asset}, ${ONE_TIME}`,
  });
  stations.push({
    name: "fill",
    atUs: filledMs === null ? null : filledMs * US_PER_MS,
    says: filledMs === null ? `none: the order is ${status}` : `first of ${order.fills}`,
  });
  return stations;
}

function unheard(book: BookWays | null, seq: number): string {
  if (book === null)
    return "not known: BLUE's log is not projected here (the bookkeeper does that)";
  const last = book.lastSeq();
  if (last !== null && last < seq) {
    return `not known yet: the projection of BLUE's log ends with seq ${last}`;
  }
  return "not in BLUE's log as far back as it goes: no trader received it";
}
