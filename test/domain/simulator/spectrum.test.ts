import { expect, test } from "vitest";
import { symmetricEigenvalues } from "../../../src/domain/simulator/eigenvalues.ts";
import { createMarket, stepMarket } from "../../../src/domain/simulator/market.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { createSpectrum, pushPrices } from "../../../src/domain/simulator/spectrum.ts";

const WINDOW = 20;

function simulated(assets: number, scans: number): Float64Array[] {
  const market = createMarket(assets, seededRandom(3));
  return Array.from({ length: scans }, () => {
    stepMarket(market);
    return market.prices.slice();
  });
}

function spectraOf(prices: readonly Float64Array[]): Float64Array[] {
  const spectrum = createSpectrum(prices[0]!.length, WINDOW);
  return prices.map((row) => pushPrices(spectrum, row));
}

/** The definition, without any shortcut: the full correlation matrix of the window's log returns. */
function byDefinition(prices: readonly Float64Array[], last: number): Float64Array {
  const window = prices.slice(Math.max(0, last - WINDOW), last + 1);
  const assets = prices[0]!.length;
  const returns = Array.from({ length: assets }, (_, asset) =>
    window.slice(1).map((row, at) => Math.log(row[asset]! / window[at]![asset]!)),
  );
  const matrix = returns.flatMap((left) => returns.map((right) => correlation(left, right)));
  return symmetricEigenvalues(Float64Array.from(matrix), assets);
}

function correlation(left: readonly number[], right: readonly number[]): number {
  if (left === right) return 1;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  const covariance = mean(left.map((value, at) => (value - leftMean) * (right[at]! - rightMean)));
  const scale = deviation(left, leftMean) * deviation(right, rightMean);
  return scale === 0 ? 0 : covariance / scale;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[], center: number): number {
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}

test.each([2, 7, 19, 20, 21, 60])(
  "%i assets: the spectrum is the correlation matrix's",
  (assets) => {
    const prices = simulated(assets, 3 * WINDOW);
    const spectra = spectraOf(prices);
    expect(spectra.slice(0, 3).map((values) => values.length)).toEqual([0, 0, 0]);
    for (let scan = 3; scan < prices.length; scan++) {
      const expected = byDefinition(prices, scan);
      const found = spectra[scan]!;
      expect(found).toHaveLength(assets);
      found.forEach((value, at) => expect(value).toBeCloseTo(Math.max(0, expected[at]!), 9));
    }
  },
);

test("a constant price correlates with none but itself", () => {
  const prices = simulated(30, 2 * WINDOW);
  for (const row of prices) row[4] = row[9] = 17.5;
  const spectra = spectraOf(prices);
  const expected = byDefinition(prices, prices.length - 1);
  spectra.at(-1)!.forEach((value, at) => {
    expect(value).toBeCloseTo(Math.max(0, expected[at]!), 9);
  });
});

test("when nothing moves every eigenvalue is one", () => {
  const still = Array.from({ length: 8 }, () => Float64Array.of(1, 2, 3));
  expect(spectraOf(still).at(-1)).toEqual(Float64Array.of(1, 1, 1));
});
