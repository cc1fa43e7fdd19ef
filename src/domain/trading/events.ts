/**
 * All events of a trader: a closed set of facts. Each has its index in the log and the time that the shell read once,
 * when it took the event off its queue; the core knows no other time. Invariant: indexes rise by one, so that a gap
 * in a log is noticed before it is folded.
 */
import type { Direction, ExitPlan, Fill } from "./orders.ts";
import type { Posture } from "./posture.ts";

type Stamped = { readonly index: number; readonly nowMs: number };

/**
 * The trader started or restarted: records what it runs, so that a replay can tell whether it compares like with
 * like.
 */
export type StartedEvent = Stamped & {
  readonly kind: "started";
  readonly configurationHash: string;
  readonly codeHash: string;
  /** Hash of the snapshot at which the log before this event was truncated; empty for a first start. */
  readonly snapshotHash: string;
};

/**
 * One scan. Its prices are in a larger buffer from `pricesAt` on, one for each of `assets`, so that an archive is
 * stepped without copying. The trader copies what it keeps: the caller may reuse the event object and the buffers.
 */
export type ScanEvent = Stamped & {
  readonly kind: "scan";
  readonly seq: number;
  readonly scanNumber: number;
  /** The scan's own timestamp: when the prices were true. */
  readonly asOfMs: number;
  /** Pushed from a backlog by the bridge. */
  readonly isReplayed: boolean;
  /** Older than a scan that was pushed before it: only counted, in no window. */
  readonly isLate: boolean;
  /** Read from ringbuffer or journal because its event was missed. */
  readonly isRepaired: boolean;
  /** Names; passing the same array object while the universe is unchanged makes the comparison free. */
  readonly assets: readonly string[];
  /** NaN where an asset has no price. */
  readonly prices: Float64Array;
  readonly pricesAt: number;
  /** Descending; `eigenvalueCount` values from `eigenvaluesAt` on, none while the writer warms up. */
  readonly eigenvalues: Float64Array;
  readonly eigenvaluesAt: number;
  readonly eigenvalueCount: number;
  /** Features carried with the scan, in the order of the strategy's `carried` names. */
  readonly carried: Float64Array;
  readonly carriedAt: number;
};

/** A missing seq that neither ringbuffer nor journal provided in time: its decision record says so. */
export type ScanLostEvent = Stamped & { readonly kind: "scan_lost"; readonly seq: number };

/** A value of an indicator. */
export type FeatureEvent = Stamped & {
  readonly kind: "feature";
  readonly name: string;
  readonly value: number;
  readonly asOfMs: number;
  readonly knownMs?: KnownMs;
};

/**
 * When the value was published, by its publisher's clock: the book cannot have used it before that time. Absent where
 * the text does not say, and in older logs; then it counts as known from its arrival.
 */
type KnownMs = number | undefined;

/** The order book of one asset: a price and a size in turns, best first. */
export type BookEvent = Stamped & {
  readonly kind: "book";
  readonly asset: string;
  readonly asOfMs: number;
  readonly bids: readonly number[];
  readonly asks: readonly number[];
  readonly knownMs?: KnownMs;
};

export type PostureEvent = Stamped & {
  readonly kind: "posture";
  /** UNKNOWN: a value was published that is not a step of the ladder. */
  readonly posture: Posture | "UNKNOWN";
  /** Absent: the posture alone decides. */
  readonly entries?: "stop" | undefined;
  readonly asOfMs: number;
  readonly source: string;
};

/** Time passed: conditions that must be noticed without a scan are noticed here. */
export type TickEvent = Stamped & { readonly kind: "tick" };

/** A broker's report about an order, before the shell gives it its index in the log. */
export type BrokerReport =
  | {
      readonly kind: "order_accepted";
      readonly clientOrderId: string;
      readonly brokerOrderId: string;
    }
  | { readonly kind: "order_partly_filled"; readonly clientOrderId: string; readonly fill: Fill }
  | { readonly kind: "order_filled"; readonly clientOrderId: string; readonly fill: Fill }
  | { readonly kind: "order_rejected"; readonly clientOrderId: string; readonly reason: string }
  | { readonly kind: "order_cancelled"; readonly clientOrderId: string; readonly reason: string }
  /** Sent, but not answered: whether it arrived is unknown; blocks entries until another report resolves it. */
  | { readonly kind: "order_unknown"; readonly clientOrderId: string; readonly reason: string };

export type BrokerEvent = Stamped & BrokerReport;

export function isBrokerEvent(event: TraderEvent): event is BrokerEvent {
  return event.kind.startsWith("order_");
}

export type OperatorCommand =
  /** Subject to every gate that a signal passes. */
  | {
      readonly kind: "enter";
      readonly asset: string;
      readonly direction: Direction;
      /** Share of the cash to use, before the posture scales it. */
      readonly share: number;
      readonly plan: ExitPlan;
    }
  /** Closes every position at the next fresh scan, and halts. */
  | { readonly kind: "flatten" }
  /** No entries, and pending ones are cancelled; open positions keep their exits. */
  | { readonly kind: "halt" }
  /** Closes a position in the book alone, at a price obtained elsewhere: no order is sent. */
  | {
      readonly kind: "close";
      /** The position's id, or its asset. */
      readonly position: string;
      readonly price: number;
    }
  /** Ends a halt and every latched limit; losses are measured from here on. */
  | { readonly kind: "resume" };

/** Idempotent by `commandId`. */
export type OperatorEvent = Stamped & {
  readonly kind: "operator";
  readonly commandId: string;
  readonly by: string;
  readonly command: OperatorCommand;
};

/** The UTC day of `nowMs` differs from that of the previous event: this comes before the day's first event. */
export type DayRolledEvent = Stamped & {
  readonly kind: "day_rolled";
  /** The day that begins: YYYY-MM-DD. */
  readonly day: string;
};

export type TraderEvent =
  | StartedEvent
  | ScanEvent
  | ScanLostEvent
  | FeatureEvent
  | BookEvent
  | PostureEvent
  | TickEvent
  | BrokerEvent
  | OperatorEvent
  | DayRolledEvent;
