/**
 * The price history that a strategy may look back on: a private ring buffer, one row per scan, one column per asset
 * of the present universe. Invariant: a cell is NaN unless its asset had a price at every scan from that one to the
 * present, so an asset's window restarts after a missing price. Nothing here is later than the present scan.
 */
import { assert } from "../../assert.ts";
import type { ScanEvent } from "../events.ts";
import type { MarketView } from "../strategy.ts";
import { type AssetBook, type BookView, bookViewOf } from "./asset-book.ts";

/** Longer than any strategy needs; a mistyped parameter could ask for more. */
export const LOOK_BACK_SCANS_MAX = 100_000;

const NOTHING_KNOWN: KnownInputs = { features: new Map() };

export type MarketWindowsDump = {
  readonly assets: readonly string[];
  readonly ring: Float64Array;
  readonly row: number;
  readonly scanCount: number;
  readonly nowMs: number;
  readonly largestEigenvalue: number;
  readonly carried: Float64Array;
  readonly features: readonly (readonly [string, number])[];
};

/** The other known inputs, as in the trader's state. */
export type KnownInputs = {
  readonly features: ReadonlyMap<string, { readonly asOfMs: number }>;
  readonly books?: ReadonlyMap<string, AssetBook>;
};

export class MarketWindows implements MarketView {
  assetCount = 0;
  scanCount = 0;
  nowMs = 0;
  /** Of the present scan: it is not stored, as each scan brings its own. */
  scanNumber = 0;
  largestEigenvalue = Number.NaN;
  readonly #rows: number;
  #assets: readonly string[] = [];
  #ring: Float64Array = new Float64Array(0);
  /** Offset of the present row in the ring. */
  #base = 0;
  readonly #carried: Float64Array;
  readonly #features = new Map<string, number>();
  readonly #known: KnownInputs;

  constructor(lookBackScans: number, carriedCount: number, known: KnownInputs = NOTHING_KNOWN) {
    assert(
      Number.isInteger(lookBackScans) && 0 <= lookBackScans && lookBackScans <= LOOK_BACK_SCANS_MAX,
      `a strategy looks back a whole number of scans, up to ${LOOK_BACK_SCANS_MAX}`,
    );
    this.#rows = lookBackScans + 1;
    this.#carried = new Float64Array(carriedCount).fill(Number.NaN);
    this.#known = known;
  }

  at(asset: number): number {
    return 0 <= asset && asset < this.assetCount ? this.#ring[this.#base + asset]! : Number.NaN;
  }

  before(asset: number, scans: number): number {
    // Also refuses NaN. A negative number would be the future, a larger one another scan's row.
    if (!(0 <= scans && scans < this.#rows)) refuseLookBack(scans, this.#rows - 1);
    if (!(0 <= asset && asset < this.assetCount)) return Number.NaN;
    const back = this.#base - scans * this.assetCount;
    return this.#ring[(back < 0 ? back + this.#ring.length : back) + asset]!;
  }

  nameOf(asset: number): string {
    return this.#assets[asset] ?? "";
  }

  carried(place: number): number {
    return this.#carried[place] ?? Number.NaN;
  }

  feature(name: string): number {
    return this.#features.get(name) ?? Number.NaN;
  }

  featureAgeMs(name: string): number {
    const reading = this.#known.features.get(name);
    return reading === undefined ? Infinity : this.nowMs - reading.asOfMs;
  }

  book(asset: number): BookView | null {
    const known = this.#known.books?.get(this.nameOf(asset));
    return known === undefined ? null : bookViewOf(known, this.nowMs);
  }

  columnOf(asset: string): number {
    return this.#assets.indexOf(asset);
  }

  /** Whether the present scan has a price of any asset. */
  hasPrices(): boolean {
    for (let asset = 0; asset < this.assetCount; asset += 1) {
      if (this.#ring[this.#base + asset]! > 0) return true;
    }
    return false;
  }

  noteFeature(name: string, value: number): void {
    this.#features.set(name, value);
  }

  isSameUniverse(assets: readonly string[]): boolean {
    const mine = this.#assets;
    if (mine === assets) return true;
    if (mine.length !== assets.length) return false;
    for (let at = 0; at < mine.length; at += 1) if (mine[at] !== assets[at]) return false;
    // So that the next comparison is by identity.
    this.#assets = assets;
    return true;
  }

  /** Windows of assets in both universes move to their new columns; the others start empty. */
  changeUniverse(assets: readonly string[]): void {
    const ring = new Float64Array(this.#rows * assets.length).fill(Number.NaN);
    const row = this.assetCount === 0 ? 0 : this.#base / this.assetCount;
    for (const [column, name] of assets.entries()) {
      const from = this.#assets.indexOf(name);
      if (from === -1) continue;
      for (let at = 0; at < this.#rows; at += 1) {
        ring[at * assets.length + column] = this.#ring[at * this.assetCount + from]!;
      }
    }
    this.#ring = ring;
    this.#base = row * assets.length;
    this.#assets = assets;
    this.assetCount = assets.length;
  }

  push(event: ScanEvent): void {
    const count = this.assetCount;
    const ring = this.#ring;
    const previous = this.#base;
    const base = previous + count === ring.length ? 0 : previous + count;
    const { prices, pricesAt } = event;
    let isWhole = true;
    // Only a copy and a comparison: this loop is most of the cost of a scan.
    for (let asset = 0; asset < count; asset += 1) {
      const price = prices[pricesAt + asset]!;
      ring[base + asset] = price;
      if (!(price > 0)) isWhole = false;
    }
    if (!isWhole) this.#blankAbsent(base, previous);
    this.#base = base;
    this.scanCount += 1;
    this.nowMs = event.nowMs;
    this.scanNumber = event.scanNumber;
    this.largestEigenvalue =
      event.eigenvalueCount === 0 ? Number.NaN : event.eigenvalues[event.eigenvaluesAt]!;
    const carried = this.#carried;
    for (let place = 0; place < carried.length; place += 1) {
      carried[place] = event.carried[event.carriedAt + place] ?? Number.NaN;
    }
  }

  /** An absent asset's whole column is cleared, once: if the previous row is blank, the column is. */
  #blankAbsent(base: number, previous: number): void {
    const ring = this.#ring;
    const count = this.assetCount;
    for (let asset = 0; asset < count; asset += 1) {
      if (ring[base + asset]! > 0) continue;
      ring[base + asset] = Number.NaN;
      if (Number.isNaN(ring[previous + asset]!)) continue;
      for (let at = asset; at < ring.length; at += count) ring[at] = Number.NaN;
    }
  }

  /** Views of the live data: a caller that keeps it must copy it. */
  dump(): MarketWindowsDump {
    return {
      assets: this.#assets,
      ring: this.#ring,
      row: this.assetCount === 0 ? 0 : this.#base / this.assetCount,
      scanCount: this.scanCount,
      nowMs: this.nowMs,
      largestEigenvalue: this.largestEigenvalue,
      carried: this.#carried,
      features: [...this.#features],
    };
  }

  /** Takes ownership of the dump's buffers: a second ring might not fit in memory. */
  load(dump: MarketWindowsDump): void {
    assert(
      dump.ring.length === this.#rows * dump.assets.length,
      "a snapshot's windows are as long as its strategy's",
    );
    this.#assets = dump.assets;
    this.#ring = dump.ring;
    this.assetCount = dump.assets.length;
    this.#base = dump.row * this.assetCount;
    this.scanCount = dump.scanCount;
    this.nowMs = dump.nowMs;
    this.largestEigenvalue = dump.largestEigenvalue;
    this.#carried.set(dump.carried);
    for (const [name, value] of dump.features) this.#features.set(name, value);
  }
}

function refuseLookBack(scans: number, most: number): never {
  throw new Error(`a strategy looks back 0 to ${most} scans as it declared, was ${scans}`);
}
