/** The venues' documented answers: numbers as text, times where they have them, their own error codes. */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";

import type { DepthMarket } from "./depth-market.ts";

export type VenueWorld = {
  readonly symbols: readonly string[];
  /** By symbol; others have eight hours. */
  readonly fundingHours: ReadonlyMap<string, number>;
  /** The index price; null: not known yet. */
  readonly priceOf: (symbol: string, nowMs: number) => number | null;
  readonly market: Pick<DepthMarket, "whole">;
};

export type Answer = { readonly status: number; readonly body: unknown };

const USUAL_HOURS = 8;
const DEPTH_LIMITS = [5, 10, 20, 50, 100, 500, 1_000];
const BAD_LIMIT: Answer = { status: 400, body: { code: -4_021, msg: "Invalid depth limit." } };
const NO_SYMBOL: Answer = { status: 400, body: { code: -1121, msg: "Invalid symbol." } };

/** Null: no simulated venue has this path. */
export function answerOf(url: URL, world: VenueWorld, nowMs: number): Answer | null {
  const symbol = url.searchParams.get("symbol") ?? "";
  const known = world.symbols.includes(symbol);
  switch (url.pathname) {
    case "/fapi/v1/premiumIndex":
      return known ? well(premiumIndex(symbol, world, nowMs)) : NO_SYMBOL;
    case "/fapi/v1/depth":
      return known ? depth(url, symbol, world) : NO_SYMBOL;
    case "/fapi/v1/openInterest":
      return known ? well(openInterest(symbol, nowMs)) : NO_SYMBOL;
    case "/fapi/v1/fundingRate":
      return well(known ? settlements(symbol, world, nowMs) : []);
    case "/fapi/v1/fundingInfo":
      return well(
        [...world.fundingHours].map(([of, hours]) => ({
          symbol: of,
          adjustedFundingRateCap: "0.02500000",
          adjustedFundingRateFloor: "-0.02500000",
          fundingIntervalHours: hours,
          disclaimer: false,
        })),
      );
    case "/api/v2/public/get_volatility_index_data":
      return volatility(url);
    case "/fng/":
      return well(fearAndGreed(nowMs));
    default:
      return null;
  }
}

function well(body: unknown): Answer {
  return { status: 200, body };
}

function premiumIndex(symbol: string, world: VenueWorld, nowMs: number) {
  const periodMs = (world.fundingHours.get(symbol) ?? USUAL_HOURS) * MS_PER_HOUR;
  const index = world.priceOf(symbol, nowMs) ?? usualPrice(symbol, nowMs);
  return {
    symbol,
    markPrice: (index * (1 + 0.000_3 * wave(nowMs, MS_PER_HOUR))).toFixed(8),
    indexPrice: index.toFixed(8),
    estimatedSettlePrice: index.toFixed(8),
    lastFundingRate: rateAt(nowMs).toFixed(8),
    interestRate: "0.00010000",
    nextFundingTime: (Math.floor(nowMs / periodMs) + 1) * periodMs,
    time: nowMs,
  };
}

/** The default price. */
export function usualPrice(_symbol: string, nowMs: number): number {
  return 60_000 * (1 + 0.02 * wave(nowMs, MS_PER_DAY));
}

function depth(url: URL, symbol: string, world: VenueWorld): Answer {
  const limit = Number(url.searchParams.get("limit") ?? "500");
  if (!DEPTH_LIMITS.includes(limit)) return BAD_LIMIT;
  const found = world.market.whole(symbol, limit);
  if (found === null) return { status: 503, body: { code: -1001, msg: "Internal error." } };
  const { lastId, atMs, bids, asks } = found;
  return well({ lastUpdateId: lastId, E: atMs, T: atMs, bids, asks });
}

function openInterest(symbol: string, nowMs: number) {
  const open = 90_000 * (1 + 0.05 * wave(nowMs, MS_PER_DAY));
  return { openInterest: open.toFixed(3), symbol, time: nowMs };
}

function settlements(symbol: string, world: VenueWorld, nowMs: number) {
  const periodMs = (world.fundingHours.get(symbol) ?? USUAL_HOURS) * MS_PER_HOUR;
  const last = Math.floor(nowMs / periodMs);
  return [last - 1, last].map((nth) => ({
    symbol,
    fundingRate: rateAt(nth * periodMs).toFixed(8),
    // Some milliseconds after the hour, as in reality.
    fundingTime: nth * periodMs + 3,
    markPrice: "60000.00000000",
  }));
}

function volatility(url: URL): Answer {
  const currency = url.searchParams.get("currency");
  if (currency !== "BTC" && currency !== "ETH") {
    const error = { code: -32_602, message: "Invalid params" };
    return { status: 400, body: { jsonrpc: "2.0", error } };
  }
  const fromMs = Number(url.searchParams.get("start_timestamp"));
  const toMs = Number(url.searchParams.get("end_timestamp"));
  const first = Math.ceil(fromMs / MS_PER_MINUTE) * MS_PER_MINUTE;
  const data: number[][] = [];
  for (let atMs = first; atMs <= toMs && data.length < 1_000; atMs += MS_PER_MINUTE) {
    const close = (currency === "BTC" ? 45 : 60) + 5 * wave(atMs, MS_PER_DAY);
    data.push([atMs, close, close + 0.1, close - 0.1, close]);
  }
  return well({ jsonrpc: "2.0", result: { data, continuation: null } });
}

function fearAndGreed(nowMs: number) {
  const today = Math.floor(nowMs / MS_PER_DAY);
  const rows = [today, today - 1].map((day, at) => {
    const value = Math.round(50 + 40 * wave(day * MS_PER_DAY, 30 * MS_PER_DAY));
    const leftS = Math.floor(((today + 1) * MS_PER_DAY - nowMs) / MS_PER_SECOND);
    return {
      value: String(value),
      value_classification: value < 46 ? "Fear" : "Greed",
      timestamp: String((day * MS_PER_DAY) / MS_PER_SECOND),
      ...(at === 0 ? { time_until_update: String(leftS) } : {}),
    };
  });
  return { name: "Fear and Greed Index", data: rows, metadata: { error: null } };
}

function rateAt(atMs: number): number {
  return 0.000_1 + 0.000_2 * wave(atMs, MS_PER_DAY);
}

/** -1 to 1. */
function wave(atMs: number, periodMs: number): number {
  return Math.sin((2 * Math.PI * (atMs % periodMs)) / periodMs);
}
