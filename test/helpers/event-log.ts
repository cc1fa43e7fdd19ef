/** Journals for tests, written and read through the production constructors. */
import { SegmentLogReader } from "../../src/adapters/event-log/segment-log-reader.ts";
import { SegmentLog, type SegmentLogPlace } from "../../src/adapters/event-log/segment-log.ts";

export const DAY = "2026-03-25";

/** Writes payloads from `from` on into a day, and closes. */
export function writeDay(
  place: SegmentLogPlace,
  { day, from, payloads }: { day: string; from: number; payloads: readonly Uint8Array[] },
): void {
  const journal = new SegmentLog(place, 1);
  journal.rollTo(day);
  payloads.forEach((payload, at) => {
    journal.append(from + at, payload);
  });
  journal.close();
}

/** Payloads of the events from `from` on, copied. */
export function readPayloads(place: SegmentLogPlace, from: number | null): Buffer[] {
  const reader = new SegmentLogReader(place, from);
  try {
    return [...payloadsOf(reader)];
  } finally {
    reader.close();
  }
}

export function* payloadsOf(reader: SegmentLogReader): Generator<Buffer> {
  for (const { kind, payload } of reader.poll()) {
    if (kind === "event") yield Buffer.from(payload);
  }
}

/** Payloads that differ from each other in every byte, of so many bytes. */
export function payloadOf(index: number, bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at++) payload[at] = (index * 131 + at * 17 + (at >> 8)) & 255;
  return payload;
}
