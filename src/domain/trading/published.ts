/** The published state of a trader, computed on demand: it costs nothing while nobody asks. */
import type { Direction } from "./orders.ts";
import type { Posture } from "./posture.ts";
import { isUnpriced } from "./portfolio/unpriced-positions.ts";
import { scanStanding } from "./market/scan-clock.ts";
import { liquidationPriceOf, marginRatioOf } from "./margin/margin-figures.ts";
import { postureNow } from "./market/input-ages.ts";
import type { LimitName } from "./risk/limit-names.ts";
import { type Position, type Trader, unrealizedOf } from "./state.ts";

export type PublishedPosition = {
  readonly id: string;
  readonly asset: string;
  readonly direction: Direction;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly mark: number;
  readonly markedAtMs: number;
  /** Null while the newest scan has a price for the asset. */
  readonly noPriceSinceMs: number | null;
  /** Null where no price liquidates it; absent from releases without margin. */
  readonly liquidationPrice?: number | null;
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
  /** Arrival time minus timestamp of the scans, as a running median; null before it is measured. */
  readonly scanOffsetMs: number | null;
  readonly posture: Posture | "UNKNOWN";
  readonly warm: boolean;
  readonly halted: boolean;
  readonly latched: readonly LimitName[];
  /** Maintenance margin divided by the equity that backs it, liquidated at 1; null while nothing is held. */
  readonly marginRatio: number | null;
  /** Number of positions that the venue closed. */
  readonly liquidations: number;
  /** Number of scans that entered the windows. */
  readonly barIndex: number;
  /** Decision records so far: one for each seq. */
  readonly scansProcessed: number;
  readonly duplicates: number;
  readonly tradesExecuted: number;
  /** Entries that a gate or a limit stopped, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly day: PublishedDay;
  /** The strategy's own figures: for the default one `last_vel_div` and `vol_ok`. */
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

export function publishedOf(trader: Trader): PublishedState {
  const { data, strategy, configuration } = trader;
  const { scans, account, risk } = data;
  return {
    book: configuration.book,
    strategy: strategy.name,
    capital: account.cash,
    equity: account.equity,
    positions: data.positions.map((position) => publishedPosition(trader, position)),
    ordersWorking: data.working.map(({ order }) => order.clientOrderId),
    lastScanNumber: scans.lastScanNumber,
    lastSeq: scans.lastSeq,
    lastScanAsOfMs: scans.lastAsOfMs,
    scanOffsetMs: scanStanding(trader)?.offsetMs ?? null,
    posture: postureNow(trader),
    warm: strategy.isWarm(),
    halted: risk.isHalted,
    latched: [...risk.latched],
    marginRatio: marginRatioOf(trader),
    liquidations: data.liquidated?.count ?? 0,
    barIndex: scans.barIndex,
    scansProcessed: scans.decisions,
    duplicates: scans.duplicates,
    tradesExecuted: account.trades,
    refusals: { ...data.refusals },
    day: publishedDay(trader),
    readings: strategy.readings(),
  };
}

function publishedPosition(trader: Trader, position: Position): PublishedPosition {
  return {
    id: position.id,
    asset: position.asset,
    direction: position.direction,
    quantity: position.quantity,
    entryPrice: position.entryPrice,
    mark: position.mark,
    markedAtMs: position.markedAtMs,
    liquidationPrice: liquidationPriceOf(trader, position),
    noPriceSinceMs: isUnpriced(trader, position) ? position.markedAtMs : null,
    unrealized: unrealizedOf([position]),
    openedAtMs: position.openedAtMs,
    heldScans: trader.data.scans.barIndex - position.openedBar,
    takeProfit: position.plan.takeProfit,
    stopLoss: position.plan.stopLoss,
    bucket: position.plan.bucket,
  };
}

function publishedDay({ data }: Trader): PublishedDay {
  const { day, positions } = data;
  return {
    day: day.day,
    capitalStart: day.cashStart,
    realized: day.realized,
    unrealized: unrealizedOf(positions),
    fees: day.fees,
    trades: day.trades,
    wins: day.wins,
    losses: day.losses,
    maxDrawdown: day.maxDrawdown,
  };
}
