/** What a trader shows of itself, read on demand: nothing here costs anything while nobody looks. */
import type { Direction } from "./orders.ts";
import type { Posture } from "./posture.ts";
import type { LimitName } from "./risk/limits.ts";

export type PublishedPosition = {
  readonly id: string;
  readonly asset: string;
  readonly direction: Direction;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly mark: number;
  readonly markedAtMs: number;
  readonly unrealized: number;
  readonly openedAtMs: number;
  readonly heldScans: number;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly bucket: string;
};

export type PublishedState = {
  readonly book: string;
  readonly strategy: string;
  readonly capital: number;
  readonly equity: number;
  readonly positions: readonly PublishedPosition[];
  readonly ordersWorking: readonly string[];
  readonly lastScanNumber: number;
  readonly lastSeq: number;
  readonly lastScanAsOfMs: number;
  readonly posture: Posture | "UNKNOWN";
  readonly warm: boolean;
  readonly halted: boolean;
  readonly latched: readonly LimitName[];
  /** Scans that entered the windows. */
  readonly barIndex: number;
  /** Decision records so far: one for each seq. */
  readonly scansProcessed: number;
  readonly duplicates: number;
  readonly tradesExecuted: number;
  /** Entries that a gate or limit stopped, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly day: PublishedDay;
  /** The strategy's own numbers: for the default one `last_vel_div` and `vol_ok`. */
  readonly readings: Readonly<Record<string, number | boolean>>;
};

export type PublishedDay = {
  readonly day: string;
  readonly capitalStart: number;
  readonly realized: number;
  readonly unrealized: number;
  readonly fees: number;
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  readonly maxDrawdown: number;
};
