/** Scans for measurements, encoded beforehand, so that writing them costs the machine little. */
import { createMarket, stepMarket } from "../../src/domain/simulator/market.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { createSpectrum, pushPrices } from "../../src/domain/simulator/spectrum.ts";
import { US_PER_MS } from "../../src/domain/time.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";

export type ScanFile = {
  readonly scanNumber: number;
  readonly name: string;
  readonly bytes: Uint8Array;
};

const WINDOW_SCANS = 50;
const SEED = 20_260_325;

/**
 * The simulator's scans, numbered from 1, with numbers as long as they come: prices have all their
 * digits, and the zeros of the spectrum are the rounding noise that other solvers leave there.
 * Exchange prices and true zeros would be shorter texts, and flatter every bridge.
 */
export function* scanCorpus(assetCount: number, count: number): Generator<ScanFile> {
  const random = seededRandom(SEED);
  const market = createMarket(assetCount, random);
  const spectrum = createSpectrum(assetCount, WINDOW_SCANS);
  const encode = createScanEncoder(market.assets);
  const startMicros = Date.now() * US_PER_MS;
  // A warm window: every scan has its eigenvalues.
  for (let scan = 0; scan < WINDOW_SCANS; scan++) {
    stepMarket(market);
    pushPrices(spectrum, market.prices);
  }
  for (let scanNumber = 1; scanNumber <= count; scanNumber++) {
    stepMarket(market);
    const eigenvalues = pushPrices(spectrum, market.prices)
      .map((value) => (value < 1e-12 ? random.uniform() * 1e-15 : value))
      .toSorted()
      .toReversed();
    const prices = market.prices.map((price) => price * (1 + 1e-7 * random.uniform()));
    const timestampMicros = startMicros + scanNumber;
    const bytes = encode({ scanNumber, timestampMicros, prices, eigenvalues });
    yield { scanNumber, name: `scan_${String(scanNumber).padStart(6, "0")}_000000.arrow`, bytes };
  }
}
