/** Statistics of trades, accumulated one by one without storing them. */
import type { Trade } from "../trading/orders.ts";
import { addToMoments, createMoments, deviationOf, type Moments } from "../statistics/moments.ts";

/** Trades of one kind, for the tables by exit reason and by asset. */
export type TradeGroup = { count: number; wins: number; pnl: number; fees: number };

export type TradeTally = {
  readonly all: TradeGroup;
  long: number;
  volume: number;
  funding: number;
  borrowCost: number;
  readonly pnl: Moments;
  gains: number;
  losses: number;
  best: number;
  worst: number;
  streakWins: number;
  streakLosses: number;
  /** Positive while winning, negative while losing. */
  streak: number;
  heldScans: number;
  heldScansMax: number;
  heldMs: number;
  adverse: number;
  adverseWorst: number;
  favourable: number;
  favourableBest: number;
  readonly byExitReason: Map<string, TradeGroup>;
  readonly byAsset: Map<string, TradeGroup>;
};

export type TradeFigures = {
  readonly count: number;
  readonly long: number;
  readonly short: number;
  readonly wins: number;
  readonly winRate: number | null;
  readonly best: number | null;
  readonly worst: number | null;
  readonly average: number | null;
  /** Average win over average loss. */
  readonly payoff: number | null;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
  readonly systemQuality: number | null;
  readonly kelly: number | null;
  readonly streakWinsMax: number;
  readonly streakLossesMax: number;
  readonly heldScansAverage: number | null;
  readonly heldScansMax: number;
  readonly heldMsAverage: number | null;
  readonly adverseAverage: number | null;
  readonly adverseWorst: number;
  readonly favourableAverage: number | null;
  readonly favourableBest: number;
  readonly byExitReason: Readonly<Record<string, Readonly<TradeGroup>>>;
  readonly byAsset: Readonly<Record<string, Readonly<TradeGroup>>>;
};

export function createTradeTally(): TradeTally {
  return {
    all: emptyGroup(),
    long: 0,
    volume: 0,
    funding: 0,
    borrowCost: 0,
    pnl: createMoments(),
    gains: 0,
    losses: 0,
    best: -Infinity,
    worst: Infinity,
    streakWins: 0,
    streakLosses: 0,
    streak: 0,
    heldScans: 0,
    heldScansMax: 0,
    heldMs: 0,
    adverse: 0,
    adverseWorst: 0,
    favourable: 0,
    favourableBest: 0,
    byExitReason: new Map(),
    byAsset: new Map(),
  };
}

export function addToTally(tally: TradeTally, trade: Trade): void {
  const { pnl } = trade;
  addToGroup(tally.all, trade);
  addToGroup(groupIn(tally.byExitReason, trade.exitReason), trade);
  addToGroup(groupIn(tally.byAsset, trade.asset), trade);
  addToMoments(tally.pnl, pnl);
  if (trade.direction === "long") tally.long += 1;
  tally.volume += trade.quantity * (trade.entryPrice + trade.exitPrice);
  if (trade.funding !== undefined) tally.funding += trade.funding;
  if (trade.borrowCost !== undefined) tally.borrowCost += trade.borrowCost;
  if (pnl > 0) tally.gains += pnl;
  else tally.losses -= pnl;
  tally.best = Math.max(tally.best, pnl);
  tally.worst = Math.min(tally.worst, pnl);
  tally.streak = pnl > 0 ? Math.max(tally.streak, 0) + 1 : Math.min(tally.streak, 0) - 1;
  tally.streakWins = Math.max(tally.streakWins, tally.streak);
  tally.streakLosses = Math.max(tally.streakLosses, -tally.streak);
  tally.heldScans += trade.heldScans;
  tally.heldScansMax = Math.max(tally.heldScansMax, trade.heldScans);
  tally.heldMs += trade.exitedAtMs - trade.enteredAtMs;
  tally.adverse += trade.maxAdverse;
  tally.adverseWorst = Math.min(tally.adverseWorst, trade.maxAdverse);
  tally.favourable += trade.maxFavourable;
  tally.favourableBest = Math.max(tally.favourableBest, trade.maxFavourable);
}

export function tradeFiguresOf(tally: TradeTally): TradeFigures {
  const { all, long, pnl, gains, losses } = tally;
  const { count, wins } = all;
  const averageWin = wins === 0 ? null : gains / wins;
  const averageLoss = count === wins ? null : losses / (count - wins);
  const payoff = quotient(averageWin, averageLoss);
  const winRate = quotient(wins, count);
  return {
    count,
    long,
    short: count - long,
    wins,
    winRate,
    best: count === 0 ? null : tally.best,
    worst: count === 0 ? null : tally.worst,
    average: quotient(all.pnl, count),
    payoff,
    profitFactor: quotient(gains, losses),
    expectancy: quotient(all.pnl, count),
    systemQuality: quotient(pnl.mean * Math.sqrt(count), deviationOf(pnl)),
    kelly:
      payoff === null || winRate === null
        ? null
        : quotient(payoff * winRate - (1 - winRate), payoff),
    streakWinsMax: tally.streakWins,
    streakLossesMax: tally.streakLosses,
    heldScansAverage: quotient(tally.heldScans, count),
    heldScansMax: tally.heldScansMax,
    heldMsAverage: quotient(tally.heldMs, count),
    adverseAverage: quotient(tally.adverse, count),
    adverseWorst: tally.adverseWorst,
    favourableAverage: quotient(tally.favourable, count),
    favourableBest: tally.favourableBest,
    byExitReason: Object.fromEntries(tally.byExitReason),
    byAsset: Object.fromEntries(tally.byAsset),
  };
}

function quotient(dividend: number | null, divisor: number | null): number | null {
  return dividend === null || divisor === null || divisor === 0 ? null : dividend / divisor;
}

function groupIn(groups: Map<string, TradeGroup>, name: string): TradeGroup {
  const found = groups.get(name) ?? emptyGroup();
  groups.set(name, found);
  return found;
}

function addToGroup(group: TradeGroup, trade: Trade): void {
  group.count += 1;
  if (trade.pnl > 0) group.wins += 1;
  group.pnl += trade.pnl;
  group.fees += trade.fees;
}

function emptyGroup(): TradeGroup {
  return { count: 0, wins: 0, pnl: 0, fees: 0 };
}
