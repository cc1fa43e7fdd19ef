/** A book's log as events: the trader appends them; a fold, a projection or GREEN reads them. */
import type { BookEvent, TraderEvent } from "../../domain/trading/events.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { TradingRecordDecoder, TradingRecordEncoder } from "../../wire/event-log/trading-record.ts";
import { SegmentLogReader } from "./segment-log-reader.ts";
import { SegmentLog, type SegmentLogPlace } from "./segment-log.ts";

export type EventLogOptions = {
  /** This host's epoch; it rises when another host takes the book over. Null: the last written one. */
  readonly epoch: number | null;
  /** Number of features carried with each scan: the strategy's `carried`. */
  readonly carriedCount: number;
};

export class EventLog {
  readonly journal: SegmentLog;
  readonly #encoder: TradingRecordEncoder;
  /** Events before this time stay in the present segment. */
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
   * When it returns, the event survives any death of the process. The day is that of the event's `nowMs`. @throws
   * {SegmentLogError} if nothing was appended: the event must not be stepped.
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

  /**
   * Events of one time that need no definition, in one write. Returns how many were appended, from the first on: fewer on
   * a disk that became full in the middle. @throws {SegmentLogError} as `append`; then none was.
   */
  appendBooks(events: readonly BookEvent[]): number {
    const [first] = events;
    if (first === undefined) return 0;
    if (this.#dayEndMs <= first.nowMs) this.#rollTo(first.nowMs);
    const payloadOf = (nth: number) => this.#encoder.encode(events[nth]!);
    return this.journal.appendAll(first.index, events.length, payloadOf);
  }

  close(): void {
    this.journal.close();
  }

  #rollTo(nowMs: number): void {
    if (this.journal.rollTo(dayFromMicros(nowMs * US_PER_MS))) this.#encoder.forgetTables();
    this.#dayEndMs = (Math.floor(nowMs / MS_PER_DAY) + 1) * MS_PER_DAY;
  }
}

/** Reads a log as events; each event owns its memory. */
export class EventLogReader {
  readonly #reader: SegmentLogReader;
  readonly #decoder = new TradingRecordDecoder();

  /** Starts with the event of index `from`; null: the oldest available. */
  constructor(place: SegmentLogPlace, from: number | null) {
    this.#reader = new SegmentLogReader(place, from);
  }

  /** Continues from the end of the last poll to the present end of the log. */
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
