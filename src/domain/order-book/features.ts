/**
 * Features of an order book, and the cost of an order of a given size. Pure functions of a valid book
 * (`bookTrouble`); sizes are in units of the asset, depth in the quote currency.
 */
import type { Book, BookSide } from "./book.ts";

export type BookFeatures = {
  readonly spreadBps: number;
  /** The best prices, each weighted by the size on the other side: an estimate of the next trade's price. */
  readonly microprice: number;
  /** (bid - ask) / (bid + ask) of the sizes of the best 1, 5 and 20 levels; -1 to 1. */
  readonly imbalance1: number;
  readonly imbalance5: number;
  readonly imbalance20: number;
  /** Depth within 10 bps of the mid price, in the quote currency. */
  readonly depthBps10Bid: number;
  readonly depthBps10Ask: number;
  /** Imbalance over all levels, each weighted by 1 / (1 + its distance from the mid in bps); -1 to 1. */
  readonly pressure: number;
};

export type Walk = {
  /** The part of the requested size that the book holds. */
  readonly filled: number;
  /** NaN if the book is empty on that side. */
  readonly averagePrice: number;
  /** Difference of the average to the mid price, in bps, positive when worse; NaN where the book holds nothing. */
  readonly slippageBps: number;
  /** Whether the known book ends before the size is reached. */
  readonly isShort: boolean;
};

const BPS = 10_000;
const NEAR_BPS = 10;

export function midPrice({ bids, asks }: Book): number {
  return (bids.prices[0]! + asks.prices[0]!) / 2;
}

export function bookFeatures(book: Book): BookFeatures {
  const { bids, asks } = book;
  const [bid, ask] = [bids.prices[0]!, asks.prices[0]!];
  const [bidSize, askSize] = [bids.sizes[0]!, asks.sizes[0]!];
  const mid = midPrice(book);
  const near = (mid * NEAR_BPS) / BPS;
  return {
    spreadBps: ((ask - bid) / mid) * BPS,
    microprice: (bid * askSize + ask * bidSize) / (bidSize + askSize),
    imbalance1: balance(bidSize, askSize),
    imbalance5: balance(sizeOf(bids, 5), sizeOf(asks, 5)),
    imbalance20: balance(sizeOf(bids, 20), sizeOf(asks, 20)),
    depthBps10Bid: depthWithin(bids, mid, near),
    depthBps10Ask: depthWithin(asks, mid, near),
    pressure: balance(weighed(bids, mid), weighed(asks, mid)),
  };
}

/** The result of a market order of this many units: it walks the asks, or for a sale the bids. */
export function walkBook(book: Book, way: "buy" | "sell", size: number): Walk {
  const { prices, sizes, count } = way === "buy" ? book.asks : book.bids;
  let filled = 0;
  let paid = 0;
  for (let level = 0; level < count && filled < size; level += 1) {
    const lacking = size - filled;
    const isEnough = lacking <= sizes[level]!;
    paid += (isEnough ? lacking : sizes[level]!) * prices[level]!;
    // The sum over levels may differ from the size by rounding.
    filled = isEnough ? size : filled + sizes[level]!;
  }
  const averagePrice = paid / filled;
  const mid = midPrice(book);
  const worse = way === "buy" ? averagePrice - mid : mid - averagePrice;
  return { filled, averagePrice, slippageBps: (worse / mid) * BPS, isShort: filled < size };
}

function balance(bid: number, ask: number): number {
  return (bid - ask) / (bid + ask);
}

function sizeOf({ sizes, count }: BookSide, levels: number): number {
  let sum = 0;
  for (let level = 0; level < count && level < levels; level += 1) sum += sizes[level]!;
  return sum;
}

function depthWithin({ prices, sizes, count }: BookSide, mid: number, near: number): number {
  let sum = 0;
  for (let level = 0; level < count; level += 1) {
    const price = prices[level]!;
    if (near < Math.abs(price - mid)) break;
    sum += price * sizes[level]!;
  }
  return sum;
}

function weighed({ prices, sizes, count }: BookSide, mid: number): number {
  let sum = 0;
  for (let level = 0; level < count; level += 1) {
    const distanceBps = (Math.abs(prices[level]! - mid) / mid) * BPS;
    sum += sizes[level]! / (1 + distanceBps);
  }
  return sum;
}
