import { expect, test } from "vitest";
import { createMarket, stepMarket } from "../../../src/domain/simulator/market.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

function pathsOf(assets: number, steps: number, seed: number) {
  const market = createMarket(assets, seededRandom(seed));
  const regimes: string[] = [];
  const prices = Array.from({ length: steps }, () => {
    stepMarket(market);
    regimes.push(market.regime);
    return market.prices.slice();
  });
  return { assets: market.assets, prices, regimes };
}

function logReturns(prices: readonly Float64Array[], asset: number): number[] {
  return prices.slice(1).map((row, at) => Math.log(row[asset]! / prices[at]![asset]!));
}

function deviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** How much of a value is determined by its predecessor. */
function autocorrelation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centered = values.map((value) => value - mean);
  const together = centered.slice(1).reduce((sum, value, at) => sum + value * centered[at]!, 0);
  return together / centered.reduce((sum, value) => sum + value * value, 0);
}

test("the same seed gives the same market, another seed another", () => {
  expect(pathsOf(6, 50, 1)).toEqual(pathsOf(6, 50, 1));
  expect(pathsOf(6, 50, 1).prices).not.toEqual(pathsOf(6, 50, 2).prices);
});

test("assets have unique names and prices of a few digits, as on an exchange", () => {
  const { assets, prices } = pathsOf(400, 200, 1);
  expect(new Set(assets).size).toBe(400);
  expect(assets.slice(0, 2)).toEqual(["BTCUSDT", "ETHUSDT"]);
  for (const price of prices.flatMap((row) => [...row])) {
    expect(price).toBeGreaterThan(0);
    expect(String(price).replace(/\D/g, "").replace(/^0+/, "").length).toBeLessThanOrEqual(8);
  }
});

test("every regime occurs, and the wild one moves more than the calm one", () => {
  const { prices, regimes } = pathsOf(20, 20_000, 1);
  const moves: Record<string, number[]> = { calm: [], normal: [], wild: [] };
  for (let asset = 0; asset < 20; asset++) {
    logReturns(prices, asset).forEach((move, at) => {
      moves[regimes[at + 1]!]!.push(move);
    });
  }
  const { calm, normal, wild } = moves;
  expect(deviation(normal!)).toBeGreaterThan(1.3 * deviation(calm!));
  expect(deviation(wild!)).toBeGreaterThan(1.7 * deviation(normal!));
});

test("volatility clusters: the size of a move predicts the next one's, its sign does not", () => {
  const returns = logReturns(pathsOf(2, 40_000, 1).prices, 0);
  expect(autocorrelation(returns.map(Math.abs))).toBeGreaterThan(0.15);
  expect(Math.abs(autocorrelation(returns))).toBeLessThan(0.05);
});

test("prices stay within sane magnitudes over a day of scans", () => {
  const { prices } = pathsOf(10, 170_000, 5);
  for (const asset of prices[0]!.keys()) {
    const ratio = prices.at(-1)![asset]! / prices[0]![asset]!;
    expect(ratio).toBeGreaterThan(0.1);
    expect(ratio).toBeLessThan(10);
  }
});
