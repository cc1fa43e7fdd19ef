/**
 * Traces of scans as OTLP/HTTP JSON: one trace a scan, one root span for the whole way, and below it one span a
 * hop.
 */
import { createHash } from "node:crypto";
import type { Hops } from "../../domain/trace/stations.ts";

export type WayToTell = {
  readonly seq: number;
  readonly file: string;
  readonly scanNumber: number;
  /** Time of the first station. */
  readonly beganUs: number;
  /** Null: the scan itself, whatever was ordered. */
  readonly order: string | null;
  readonly hops: Hops;
};

type Attribute = {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
};

const KIND_INTERNAL = 1;
const NS_PER_US = 1_000n;
const TRACE_ID_CHARS = 32;
const SPAN_ID_CHARS = 16;

/** Ids are derived from the scan, so sending a scan twice yields the same trace. */
export function otlpJson(ways: readonly WayToTell[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [text("service.name", "dolphin")] },
        scopeSpans: [{ scope: { name: "dolphin.trace" }, spans: ways.flatMap(spansOf) }],
      },
    ],
  });
}

function spansOf(way: WayToTell) {
  const { seq, file, scanNumber, beganUs, order, hops } = way;
  const name = `${file} ${seq}`;
  const traceId = idOf(name, TRACE_ID_CHARS);
  const about = [
    whole("dolphin.seq", seq),
    whole("dolphin.scan_number", scanNumber),
    text("dolphin.file", file),
    ...(order === null ? [] : [text("dolphin.order", order)]),
  ];
  const rootId = idOf(`${name} ${order}`, SPAN_ID_CHARS);
  let atUs = beganUs;
  const children = hops.hops.map(({ from, to, us, over }) => {
    const startUs = atUs;
    atUs += us;
    const unknown = over.length === 0 ? [] : [text("dolphin.over", over.join(", "))];
    return {
      traceId,
      spanId: idOf(`${name} ${order} ${from} ${to}`, SPAN_ID_CHARS),
      parentSpanId: rootId,
      name: `${from} to ${to}`,
      ...timesOf(startUs, us),
      attributes: [whole("dolphin.hop_us", us), ...unknown],
    };
  });
  const root = {
    traceId,
    spanId: rootId,
    name: "scan",
    ...timesOf(beganUs, hops.totalUs ?? 0),
    attributes: about,
  };
  return [root, ...children];
}

/**
 * No span ends before it starts: where the clocks of two processes disagree the span has their difference as
 * its length, and its hop states the direction.
 */
function timesOf(startUs: number, us: number) {
  return {
    kind: KIND_INTERNAL,
    startTimeUnixNano: nanos(Math.min(startUs, startUs + us)),
    endTimeUnixNano: nanos(Math.max(startUs, startUs + us)),
  };
}

function nanos(us: number): string {
  return String(BigInt(Math.round(us)) * NS_PER_US);
}

function idOf(name: string, chars: number): string {
  return createHash("sha256").update(name).digest("hex").slice(0, chars);
}

function text(key: string, stringValue: string): Attribute {
  return { key, value: { stringValue } };
}

function whole(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}
