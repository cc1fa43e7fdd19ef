/** The simulator's loop: takes prices, computes the spectrum, writes the file when it is due. */
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { writeScanFile, type Writing } from "../../adapters/archive/scan-file-writer.ts";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { createMarket, stepMarket } from "../../domain/simulator/market.ts";
import { dueMs, type ScanPace, scanFileOf, scanNumberAt } from "../../domain/simulator/plan.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { createSpectrum, pushPrices } from "../../domain/simulator/spectrum.ts";
import { US_PER_SECOND } from "../../domain/time.ts";
import type { PriceTable } from "../../wire/price-table.ts";
import { createEncoderApart } from "./encode-apart.ts";

export type ScanPrices = {
  readonly assets: readonly string[];
  /** The next scan's prices; null at the end. Valid until the next call. */
  readonly next: () => Float64Array | null;
};

export type Simulation = {
  readonly archive: string;
  readonly source: ScanPrices;
  readonly pace: ScanPace;
  readonly writing: Writing;
  readonly count: number;
  /** Scans written at once, before the paced ones. */
  readonly backlog: number;
  /** Scans that are computed first without being written: prices and correlations continue from them. */
  readonly skip: number;
  readonly firstNumber: number;
  readonly restartEvery: number | null;
  /** null: a scan's timestamp is the time at which it is written. */
  readonly startMicros: number | null;
  readonly stop: AbortSignal;
  readonly report: (line: string) => void;
};

export type SimulationTotals = {
  readonly written: number;
  readonly first_number: number | null;
  readonly last_number: number | null;
};

/** Scans in the window of the correlation matrix, as in the upstream engine. */
const WINDOW_SCANS = 50;
const REPORT_EVERY_MS = 10_000;
/** A writer that fell further behind (suspended, disk full) continues from now instead of writing a burst. */
const BEHIND_MS_MAX = 1_000;
const DISK_FULL_RETRY_MS = 1_000;
/** Without waits, signals are only handled between this many scans. */
const YIELD_EVERY_SCANS = 64;

export function simulatedPrices(assetCount: number, seed: number): ScanPrices {
  const market = createMarket(assetCount, seededRandom(seed));
  const next = () => {
    stepMarket(market);
    return market.prices;
  };
  return { assets: market.assets, next };
}

export function replayedPrices(table: PriceTable, assetCount: number): ScanPrices {
  const rows = table.rows.values();
  return {
    assets: table.assets.slice(0, assetCount),
    next: () => rows.next().value?.subarray(0, assetCount) ?? null,
  };
}

/** Runs until the count, the prices or the signal ends it. */
export async function writeScans(simulation: Simulation): Promise<SimulationTotals> {
  const { source, backlog, stop, report } = simulation;
  const spectrum = createSpectrum(source.assets.length, WINDOW_SCANS);
  const { assets } = source;
  // Zero while the window is nearly empty, then one per asset.
  const encode = await createEncoderApart({ assets, eigenvalueCounts: [0, assets.length] });
  for (let skipped = 0; skipped < simulation.skip; skipped++) {
    const prices = source.next();
    if (prices !== null) pushPrices(spectrum, prices);
  }
  let written = 0;
  let lastNumber: number | null = null;
  let startedMs = monotonicMs();
  let reportedMs = startedMs;
  for (let index = 0; index < simulation.count; index++) {
    if (index <= backlog) startedMs = monotonicMs();
    else startedMs += await waitUntil(startedMs + dueMs(index - backlog, simulation.pace), stop);
    if (index % YIELD_EVERY_SCANS === 0) await setImmediate();
    if (stop.aborted) break;
    const prices = source.next();
    if (prices === null) break;
    const scanNumber = scanNumberAt(index, simulation.firstNumber, simulation.restartEvery);
    const timestampMicros = timestampAt(index, simulation);
    const eigenvalues = pushPrices(spectrum, prices);
    const bytes = encode({ scanNumber, timestampMicros, prices, eigenvalues });
    const path = join(simulation.archive, scanFileOf(scanNumber, timestampMicros));
    if (!(await writeDespiteFullDisk(path, bytes, simulation))) break;
    written++;
    lastNumber = scanNumber;
    if (monotonicMs() - reportedMs < REPORT_EVERY_MS) continue;
    reportedMs = monotonicMs();
    report(`${written} scans written, the last is number ${scanNumber}`);
  }
  const firstNumber = written === 0 ? null : simulation.firstNumber;
  return { written, first_number: firstNumber, last_number: lastNumber };
}

/** Returns by how much the schedule moves: 0, or the time lost by a writer that was held up. */
async function waitUntil(dueAtMs: number, stop: AbortSignal): Promise<number> {
  const aheadMs = dueAtMs - monotonicMs();
  if (aheadMs > 0) await pause(aheadMs, stop);
  return aheadMs < -BEHIND_MS_MAX ? -aheadMs : 0;
}

function timestampAt(index: number, { startMicros, pace }: Simulation): number {
  if (startMicros === null) return wallMicros();
  return startMicros + Math.round((index * US_PER_SECOND) / pace.rate);
}

/** False when the simulation was stopped before there was space. */
async function writeDespiteFullDisk(
  path: string,
  bytes: Uint8Array,
  { writing, stop, report }: Simulation,
): Promise<boolean> {
  for (let attempt = 1; !stop.aborted; attempt++) {
    try {
      await writeScanFile(path, bytes, writing);
      if (attempt > 1) report(`there is space again; ${path} is written`);
      return true;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      if (attempt === 1)
        report(`no space left for ${path}; free some: writing is retried every second`);
      await pause(DISK_FULL_RETRY_MS, stop);
    }
  }
  return false;
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ENOSPC" || error.code === "EDQUOT";
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
