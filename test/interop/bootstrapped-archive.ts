/**
 * An archive of scans resampled from real returns, with the faults of a real feed; from a seed, so that each run is the
 * same.
 */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closesToChunk } from "../../examples/strategies/closes-to-chunk.ts";
import type { ScanChunk } from "../../src/domain/backtest/backtest-run.ts";
import { seededRandom, type Random } from "../../src/domain/simulator/random.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";

const FIRST_MS = Date.parse("2026-03-01T00:00:00Z");
const STEP_MS = 60_000;
/** Blocks of this many returns on average keep what follows what. */
const BLOCK_SCANS = 60;

/** Scans at one minute's distance whose returns are blocks of the real ones, of all assets together. */
export function bootstrapped(real: ScanChunk, count: number, random: Random): ScanChunk {
  const width = real.assets.length;
  const closes = [...real.prices.subarray(0, width)];
  const lines = [`timestamp,${real.assets.join(",")}`];
  let from = 0;
  for (let row = 0; row < count; row += 1) {
    const isNewBlock = row === 0 || random.uniform() < 1 / BLOCK_SCANS;
    from = isNewBlock ? 1 + Math.floor(random.uniform() * (real.count - 1)) : from + 1;
    if (from >= real.count) from = 1;
    for (let asset = 0; asset < width; asset += 1) {
      const at = from * width + asset;
      closes[asset]! *= real.prices[at]! / real.prices[at - width]!;
    }
    lines.push([new Date(FIRST_MS + row * STEP_MS).toISOString(), ...closes].join(","));
  }
  return closesToChunk(lines.join("\n"));
}

type Scan = { readonly assets: readonly string[]; readonly prices: readonly number[] };

/** Assets that come and go, prices that are none, silences, scans without eigenvalues. */
export function putFaultyArchive(archive: string, chunk: ScanChunk, seed: number): void {
  const random = seededRandom(seed);
  const encoders = new Map<string, ReturnType<typeof createScanEncoder>>();
  const badUntil = new Map<string, number>();
  let lateMs = 0;
  for (let row = 0; row < chunk.count; row += 1) {
    // Sometimes just beyond what is no silence yet, sometimes hours.
    if (random.uniform() < 1 / 150) lateMs += random.uniform() < 0.5 ? 35_000 : 7_200_000;
    const { assets, prices } = faultyScan(chunk, row, { random, badUntil });
    const largest = chunk.eigenvalues[row]!;
    const isBare = Number.isNaN(largest) || random.uniform() < 1 / 1_500;
    const key = assets.join();
    const encode = encoders.get(key) ?? createScanEncoder(assets);
    encoders.set(key, encode);
    const timeMs = chunk.timesMs[row]! + lateMs;
    const day = join(archive, new Date(timeMs).toISOString().slice(0, 10));
    mkdirSync(day, { recursive: true });
    const path = join(day, `scan_${String(row + 1).padStart(6, "0")}.arrow`);
    writeFileSync(
      path,
      encode({
        scanNumber: row + 1,
        timestampMicros: timeMs * 1_000,
        prices: Float64Array.from(prices),
        eigenvalues: isBare ? new Float64Array(0) : Float64Array.of(largest),
      }),
    );
    utimesSync(path, timeMs / 1_000, timeMs / 1_000);
  }
}

function faultyScan(
  chunk: ScanChunk,
  row: number,
  { random, badUntil }: { readonly random: Random; readonly badUntil: Map<string, number> },
): Scan {
  const width = chunk.assets.length;
  const all = chunk.assets.map((name, asset) => ({
    name,
    price: chunk.prices[row * width + asset]!,
  }));
  const share = row / chunk.count;
  // One is listed late, one is away for a while, one is gone for good, and two change places.
  const present = all.filter(({ name }, asset) => {
    if (asset === 2) return share > 0.3;
    if (asset === 5) return share < 0.5 || share > 0.6;
    return name !== chunk.assets[8] || share < 0.75;
  });
  if (share > 0.85) present.reverse();
  const bad = random.uniform() < 1 / 120 ? Math.floor(random.uniform() * width) : -1;
  if (bad >= 0) badUntil.set(chunk.assets[bad]!, row + 1 + Math.floor(random.uniform() * 20));
  const wrong = [Number.NaN, 0, -1, Number.POSITIVE_INFINITY][row % 4]!;
  return {
    assets: present.map(({ name }) => name),
    prices: present.map(({ name, price }) => (row < (badUntil.get(name) ?? 0) ? wrong : price)),
  };
}
