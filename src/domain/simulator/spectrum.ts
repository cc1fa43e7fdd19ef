/**
 * The eigenvalues of the correlation matrix of log returns over a rolling window of scans. Invariant: when there are
 * any, there is one for each asset, none is negative, and their sum is the number of assets.
 */
import { assert } from "../assert.ts";
import { symmetricEigenvalues } from "./eigenvalues.ts";

export type Spectrum = {
  readonly assetCount: number;
  readonly windowMax: number;
  /** A ring buffer with one row of log returns per scan. */
  readonly returns: Float64Array;
  readonly logPrices: Float64Array;
  pricesSeen: number;
};

/** With fewer returns a correlation means nothing, and the eigenvalues are left empty. */
const RETURNS_MIN = 3;
/** A smaller sum of squares means that the price did not move. */
const FLAT_BELOW = 1e-28;

export function createSpectrum(assetCount: number, windowMax: number): Spectrum {
  assert(RETURNS_MIN <= windowMax, "the window holds enough returns for a correlation");
  return {
    assetCount,
    windowMax,
    returns: new Float64Array(windowMax * assetCount),
    logPrices: new Float64Array(assetCount),
    pricesSeen: 0,
  };
}

/** Takes the next scan's prices; returns the eigenvalues of the window that ends with it, descending. */
export function pushPrices(spectrum: Spectrum, prices: Float64Array): Float64Array {
  const { assetCount, windowMax, returns, logPrices } = spectrum;
  assert(prices.length === assetCount, "each asset has a price");
  const row = ((spectrum.pricesSeen + windowMax - 1) % windowMax) * assetCount;
  for (let asset = 0; asset < assetCount; asset++) {
    const logPrice = Math.log(prices[asset]!);
    if (spectrum.pricesSeen > 0) returns[row + asset] = logPrice - logPrices[asset]!;
    logPrices[asset] = logPrice;
  }
  spectrum.pricesSeen++;
  const rows = Math.min(spectrum.pricesSeen - 1, windowMax);
  return rows < RETURNS_MIN ? new Float64Array(0) : correlationEigenvalues(spectrum, rows);
}

/**
 * With Z the standardised returns (rows x assets), the correlation matrix Z'Z and the Gram matrix ZZ' have the same
 * non-zero eigenvalues, so the smaller of the two is solved: with a window of 50 a scan of 400 assets costs as little
 * as one of 50.
 */
function correlationEigenvalues(spectrum: Spectrum, rows: number): Float64Array {
  const { assetCount } = spectrum;
  const { standardised, flat } = standardise(spectrum, rows);
  const moving = assetCount - flat;
  const solved =
    rows < moving
      ? symmetricEigenvalues(gramOfRows(standardised, rows, moving), rows)
      : symmetricEigenvalues(
          gramOfRows(transposed(standardised, rows, moving), moving, rows),
          moving,
        );
  const eigenvalues = new Float64Array(assetCount);
  for (let at = 0; at < solved.length; at++) eigenvalues[at] = Math.max(0, solved[at]!);
  // A price that did not move correlates only with itself: an eigenvalue of one.
  eigenvalues.fill(1, assetCount - flat);
  return flat === 0 ? eigenvalues : eigenvalues.toSorted().toReversed();
}

/** The returns of the moving assets by rows, each asset's with mean 0 and sum of squares 1. */
function standardise(
  { returns, assetCount }: Spectrum,
  rows: number,
): { readonly standardised: Float64Array; readonly flat: number } {
  const columns: Float64Array[] = [];
  for (let asset = 0; asset < assetCount; asset++) {
    const column = new Float64Array(rows);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += column[row] = returns[row * assetCount + asset]!;
    let square = 0;
    for (let row = 0; row < rows; row++) square += (column[row]! -= sum / rows) ** 2;
    if (square < FLAT_BELOW) continue;
    const scale = 1 / Math.sqrt(square);
    for (let row = 0; row < rows; row++) column[row]! *= scale;
    columns.push(column);
  }
  const standardised = new Float64Array(rows * columns.length);
  columns.forEach((column, at) => {
    for (let row = 0; row < rows; row++) standardised[row * columns.length + at] = column[row]!;
  });
  return { standardised, flat: assetCount - columns.length };
}

/** The inner products of the rows with each other. */
function gramOfRows(values: Float64Array, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    for (let other = 0; other <= row; other++) {
      let sum = 0;
      for (let at = 0; at < columns; at++) {
        sum += values[row * columns + at]! * values[other * columns + at]!;
      }
      gram[row * rows + other] = sum;
      gram[other * rows + row] = sum;
    }
  }
  return gram;
}

function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column]!;
    }
  }
  return turned;
}
