/** The events of a book's log in order, one at a time, while the trader writes it. */
import { bookFolder, listSegmentDays } from "../../adapters/event-log/segments/segment-files.ts";
import type { SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { dayFromMicros, US_PER_MS, US_PER_SECOND } from "../../domain/time.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import type { ExportRow } from "../../wire/export/table.ts";
import { eventsFrom, segmentFirstIndex } from "../why/find-event.ts";
import type { Period } from "../trace/trace-period.ts";

/** A clock that was set back by less hides no event of the period. */
const SET_BACK_US = 86_400 * US_PER_SECOND;

export function* eventRows(place: SegmentLogPlace, period: Period): Generator<ExportRow> {
  const folder = bookFolder(place.root, place.book);
  const days = listSegmentDays(folder);
  const sinceDay = dayFromMicros(Math.max(0, period.sinceUs));
  const begin = days.findLast((day) => day <= sinceDay) ?? days[0];
  if (begin === undefined) return;
  for (const event of eventsFrom(place, segmentFirstIndex(folder, begin))) {
    const atUs = event.nowMs * US_PER_MS;
    if (period.untilUs + SET_BACK_US <= atUs) return;
    if (period.sinceUs <= atUs && atUs < period.untilUs) yield cellsOf(event, atUs);
  }
}

type EventColumns = {
  readonly seq?: number;
  readonly asOfMs?: number;
  readonly subject?: string;
  readonly value?: number;
  readonly quantity?: number;
  readonly fee?: number;
  readonly reason?: string;
};

function cellsOf(event: TraderEvent, atUs: number): ExportRow {
  const scan = event.kind === "scan" ? event : null;
  const { seq, asOfMs, subject, value, quantity, fee, reason } = columnsOf(event);
  const hasTime = asOfMs !== undefined && Number.isFinite(asOfMs);
  return [
    event.index,
    atUs,
    event.kind,
    seq ?? null,
    scan?.scanNumber ?? null,
    hasTime ? Math.round(asOfMs * US_PER_MS) : null,
    scan?.assets.length ?? null,
    scan?.isReplayed ?? null,
    scan?.isLate ?? null,
    scan?.isRepaired ?? null,
    subject ?? null,
    value ?? null,
    quantity ?? null,
    fee ?? null,
    reason ?? null,
  ];
}

function columnsOf(event: TraderEvent): EventColumns {
  switch (event.kind) {
    case "scan":
      return { seq: event.seq, asOfMs: event.asOfMs };
    case "scan_lost":
      return { seq: event.seq };
    case "feature":
      return { subject: event.name, value: event.value, asOfMs: event.asOfMs };
    case "book":
      return { subject: event.asset, asOfMs: event.asOfMs };
    case "posture":
      return { subject: event.posture, asOfMs: event.asOfMs, reason: event.source };
    case "order_accepted":
      return { subject: event.clientOrderId };
    case "order_partly_filled":
    case "order_filled": {
      const { price, quantity, fee } = event.fill;
      return { subject: event.clientOrderId, value: price, quantity, fee };
    }
    case "order_rejected":
    case "order_cancelled":
    case "order_unknown":
      return { subject: event.clientOrderId, reason: event.reason };
    case "operator":
      return { subject: event.command.kind, reason: event.by };
    case "day_rolled":
      return { subject: event.day };
    case "started":
      return { subject: event.configurationHash };
    case "tick":
      return {};
  }
}
