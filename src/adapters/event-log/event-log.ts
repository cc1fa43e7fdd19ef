/** A book's log as events: what the trader appends, and what a fold, a projection or GREEN reads. */
import type { TraderEvent } from "../../domain/trading/events.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { TradingRecordDecoder, TradingRecordEncoder } from "../../wire/event-log/trading-record.ts";
import { SegmentLogReader } from "./segment-log-reader.ts";
import { SegmentLog, type SegmentLogPlace } from "./segment-log.ts";

export type EventLogOptions = {
  /** The epoch of this host; it rises when another one takes the book over. Null: the one written last. */
  readonly epoch: number | null;
  /** How many features travel with each scan: the strategy's `carried`. */
  readonly carriedCount: number;
};

export class EventLog {
  readonly journal: SegmentLog;
  readonly #encoder: TradingRecordEncoder;
  /** Until then an event needs no other segment. */
  #dayEndMs = -Infinity;

  /** @throws {SegmentLogError} */
  constructor(place: SegmentLogPlace, { epoch, carriedCount }: EventLogOptions) {
    this.journal = new SegmentLog(place, epoch);
    this.#encoder = new TradingRecordEncoder(carriedCount);
    for (const definition of this.journal.opened.newest?.definitions ?? []) {
      this.#encoder.learn(definition);
    }
  }

  /**
   * Survives any death of the process when it returns. The day is that of the event's `nowMs`.
   * @throws {SegmentLogError} nothing was appended then, and the event must not be stepped.
   */
  append(event: TraderEvent): void {
    if (this.#dayEndMs <= event.nowMs) this.#rollTo(event.nowMs);
    const definition = this.#encoder.definitionFor(event);
    if (definition !== null) {
      this.journal.define(event.index, definition);
      this.#encoder.learn(definition);
    }
    this.journal.append(event.index, this.#encoder.encode(event));
  }

  close(): void {
    this.journal.close();
  }

  #rollTo(nowMs: number): void {
    if (this.journal.rollTo(dayFromMicros(nowMs * US_PER_MS))) this.#encoder.forgetTables();
    this.#dayEndMs = (Math.floor(nowMs / MS_PER_DAY) + 1) * MS_PER_DAY;
  }
}

/** Reads a log as events; each owns its memory. */
export class EventLogReader {
  readonly #reader: SegmentLogReader;
  readonly #decoder = new TradingRecordDecoder();

  /** From the event of index `from` on; null for the oldest that is kept. */
  constructor(place: SegmentLogPlace, from: number | null) {
    this.#reader = new SegmentLogReader(place, from);
  }

  /** From where the last poll ended to where the log ends now. */
  *poll(): Generator<TraderEvent> {
    for (const { kind, index, payload } of this.#reader.poll()) {
      if (kind === "definition") this.#decoder.define(payload);
      else yield this.#decoder.decode(payload, index);
    }
  }

  close(): void {
    this.#reader.close();
  }
}
