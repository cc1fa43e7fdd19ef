/**
 * Simulated order books: around a price that follows its source, with sizes that come and go, and update ids as in
 * Binance USD-M.
 */
import type { Random } from "../../domain/simulator/random.ts";

export type DepthMarket = {
  /** Moves a symbol's book, and returns the changes; null: there is no such symbol. */
  step(symbol: string, nowMs: number): DepthChange | null;
  whole(symbol: string, levels: number): WholeDepth | null;
};

export type Levels = readonly (readonly [price: string, size: string])[];

export type DepthChange = {
  readonly firstId: number;
  readonly lastId: number;
  readonly atMs: number;
  /** Ticks with the present size, 0 for none. */
  readonly bids: readonly Change[];
  readonly asks: readonly Change[];
  readonly decimals: number;
};

export type Change = readonly [ticks: number, size: number];

export type WholeDepth = {
  readonly lastId: number;
  readonly atMs: number;
  readonly bids: Levels;
  readonly asks: Levels;
};

export type PriceSource = (symbol: string) => number | null;

type Kept = {
  midTicks: number;
  lastId: number;
  atMs: number;
  readonly decimals: number;
  readonly lots: number;
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
};

/** Levels per side: more than the twenty shown, so that there are changes beyond them. */
const DEPTH_TICKS = 60;
const CHANGED_SHARE = 0.15;
const SIGNIFICANT_DIGITS = 5;
/** Approximate notional of a level. */
const NOTIONAL = 20_000;

export function createDepthMarket(priceOf: PriceSource, random: Random): DepthMarket {
  const books = new Map<string, Kept>();
  const bookOf = (symbol: string): Kept | null => {
    const price = priceOf(symbol);
    if (price === null || !(price > 0)) return null;
    const known = books.get(symbol);
    if (known !== undefined) {
      known.midTicks = ticksOf(price, known.decimals);
      return known;
    }
    const decimals = Math.max(0, SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(price)));
    const made: Kept = {
      midTicks: ticksOf(price, decimals),
      lastId: 1_000_000 + Math.floor(random.uniform() * 1_000_000),
      atMs: 0,
      decimals,
      lots: NOTIONAL / price,
      bids: new Map(),
      asks: new Map(),
    };
    books.set(symbol, made);
    return made;
  };
  return {
    step(symbol, nowMs) {
      const kept = bookOf(symbol);
      if (kept === null) return null;
      const firstId = kept.lastId + 1;
      const bids = moveSide(kept.bids, sideAbout(kept, -1), random);
      const asks = moveSide(kept.asks, sideAbout(kept, 1), random);
      kept.lastId += Math.max(1, bids.length + asks.length);
      kept.atMs = nowMs;
      return { firstId, lastId: kept.lastId, atMs: nowMs, bids, asks, decimals: kept.decimals };
    },
    whole(symbol, levels) {
      const kept = books.get(symbol);
      if (kept === undefined || priceOf(symbol) === null) return null;
      const { lastId, atMs, decimals } = kept;
      const bids = [...kept.bids].toSorted(([a], [b]) => b - a).slice(0, levels);
      const asks = [...kept.asks].toSorted(([a], [b]) => a - b).slice(0, levels);
      return { lastId, atMs, bids: levelTexts(bids, decimals), asks: levelTexts(asks, decimals) };
    },
  };
}

export function levelTexts(levels: readonly Change[], decimals: number): Levels {
  const scale = 10 ** decimals;
  return levels.map(([ticks, size]) => [(ticks / scale).toFixed(decimals), size.toFixed(3)]);
}

type Window = { readonly first: number; readonly step: 1 | -1; readonly lots: number };

/** From the best level on; the mid price is between the two sides. */
function sideAbout({ midTicks, lots }: Kept, step: 1 | -1): Window {
  return { first: step === -1 ? midTicks : midTicks + 1, step, lots };
}

/** Removes levels outside the window, adds missing ones, and changes some of the rest. */
function moveSide(
  side: Map<number, number>,
  { first, step, lots }: Window,
  random: Random,
): readonly Change[] {
  const changes: Change[] = [];
  const last = first + step * (DEPTH_TICKS - 1);
  for (const ticks of side.keys()) {
    if (Math.min(first, last) <= ticks && ticks <= Math.max(first, last)) continue;
    side.delete(ticks);
    changes.push([ticks, 0]);
  }
  for (let at = 0; at < DEPTH_TICKS; at += 1) {
    const ticks = first + step * at;
    if (ticks <= 0 || (side.has(ticks) && CHANGED_SHARE < random.uniform())) continue;
    // Sizes grow with the distance.
    const size = Math.max(0.001, round(lots * (0.2 + random.uniform()) * (1 + at / 10)));
    side.set(ticks, size);
    changes.push([ticks, size]);
  }
  return changes;
}

function ticksOf(price: number, decimals: number): number {
  return Math.max(2, Math.round(price * 10 ** decimals));
}

function round(size: number): number {
  return Math.round(size * 1_000) / 1_000;
}
