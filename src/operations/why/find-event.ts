/**
 * Finds the event of a book's log that a question is about: the last one that asked for a decision, by time or by
 * seq.
 */
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { SegmentCursor } from "../../adapters/event-log/segments/segment-cursor.ts";
import {
  bookFolder,
  listSegmentDays,
  segmentPath,
} from "../../adapters/event-log/segments/segment-files.ts";
import { listSnapshots } from "../../adapters/event-log/snapshots.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { EventLogReader } from "../../adapters/event-log/event-log.ts";

export type When =
  | { readonly kind: "now" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "seq"; readonly seq: number };

export type FoundEvent = {
  /** Index of the last scan, lost seq or operator's entry until then; null: there was none. */
  readonly askedIndex: number | null;
  /** Index of the last event until then. */
  readonly lastIndex: number;
  /** Day of the event in question, which may be days before the last one; else of the last one. */
  readonly day: string;
};

/** Null where the log has nothing of that time. @throws {SegmentLogError} */
export function findEvent(place: SegmentLogPlace, when: When): FoundEvent | null {
  switch (when.kind) {
    case "now":
      return findNewest(place);
    case "time":
      return findAt(place, when.ms);
    case "seq":
      return findSeq(place, when.seq);
  }
}

function findNewest(place: SegmentLogPlace): FoundEvent | null {
  const folder = bookFolder(place.root, place.book);
  const newest = listSegmentDays(folder).at(-1);
  const saved = listSnapshots(folder).at(-1);
  const near = saved === undefined ? null : lastAsked(place, saved, () => true);
  if (near !== null && near.askedIndex !== null) return near;
  return newest === undefined ? null : findBefore(place, newest, () => true);
}

function findAt(place: SegmentLogPlace, ms: number): FoundEvent | null {
  return findBefore(place, dayFromMicros(ms * US_PER_MS), ({ nowMs }) => nowMs <= ms);
}

/** On that day, else on the newest earlier day that has any. */
function findBefore(
  place: SegmentLogPlace,
  day: string,
  isWithin: (event: TraderEvent) => boolean,
): FoundEvent | null {
  const folder = bookFolder(place.root, place.book);
  let newest: FoundEvent | null = null;
  for (const one of listSegmentDays(folder).toReversed()) {
    if (day < one) continue;
    const found = lastAsked(place, segmentFirstIndex(folder, one), isWithin);
    newest ??= found;
    if (found !== null && found.askedIndex !== null) {
      return { ...found, lastIndex: newest?.lastIndex ?? found.lastIndex };
    }
  }
  return newest;
}

/** From this event on, up to the first one outside. */
function lastAsked(
  place: SegmentLogPlace,
  from: number,
  isWithin: (event: TraderEvent) => boolean,
): FoundEvent | null {
  let asked: TraderEvent | null = null;
  let last: TraderEvent | null = null;
  for (const event of eventsFrom(place, from)) {
    if (!isWithin(event)) break;
    last = event;
    if (asksForDecision(event)) asked = event;
  }
  if (last === null) return null;
  return { askedIndex: asked?.index ?? null, lastIndex: last.index, day: dayOf(asked ?? last) };
}

function findSeq(place: SegmentLogPlace, seq: number): FoundEvent | null {
  const folder = bookFolder(place.root, place.book);
  // Seqs rise except for late scans, so the day that begins at or before it most likely has it.
  for (const day of listSegmentDays(folder).toReversed()) {
    const from = segmentFirstIndex(folder, day);
    const first = firstSeqFrom(place, from);
    if (first === null || seq < first) continue;
    for (const event of eventsFrom(place, from)) {
      if ((event.kind !== "scan" && event.kind !== "scan_lost") || event.seq !== seq) continue;
      return { askedIndex: event.index, lastIndex: event.index, day: dayOf(event) };
    }
    return null;
  }
  return null;
}

function firstSeqFrom(place: SegmentLogPlace, from: number): number | null {
  for (const event of eventsFrom(place, from)) if (event.kind === "scan") return event.seq;
  return null;
}

function asksForDecision(event: TraderEvent): boolean {
  if (event.kind === "operator") return event.command.kind === "enter";
  return event.kind === "scan" || event.kind === "scan_lost";
}

function dayOf({ nowMs }: TraderEvent): string {
  return dayFromMicros(nowMs * US_PER_MS);
}

export function segmentFirstIndex(folder: string, day: string): number {
  const cursor = new SegmentCursor(segmentPath(folder, day));
  cursor.close();
  return cursor.header.firstIndex;
}

/** Up to the present end of the log; leaving the loop early closes it. */
export function* eventsFrom(place: SegmentLogPlace, from: number): Generator<TraderEvent> {
  const reader = new EventLogReader(place, from);
  try {
    yield* reader.poll();
  } finally {
    reader.close();
  }
}
