/** Writes a chunk of scans as an archive on disk, one file per scan, with the scans' own times as file times. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScanChunk } from "../../../src/domain/backtest/backtest-run.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";

/** Returns the days written. */
export function putChunk(archive: string, chunk: ScanChunk): readonly string[] {
  const encode = createScanEncoder(chunk.assets);
  const width = chunk.assets.length;
  const days = new Set<string>();
  for (let row = 0; row < chunk.count; row += 1) {
    const timeMs = chunk.timesMs[row]!;
    const day = new Date(timeMs).toISOString().slice(0, 10);
    if (!days.has(day)) mkdirSync(join(archive, day), { recursive: true });
    days.add(day);
    const largest = chunk.eigenvalues[row * chunk.eigenvalueCount]!;
    const bytes = encode({
      scanNumber: row + 1,
      timestampMicros: timeMs * 1_000,
      prices: chunk.prices.slice(row * width, (row + 1) * width),
      eigenvalues: largest > 0 ? Float64Array.of(largest) : new Float64Array(0),
    });
    const path = join(archive, day, `scan_${String(row + 1).padStart(8, "0")}.arrow`);
    writeFileSync(path, bytes);
    utimesSync(path, timeMs / 1_000, timeMs / 1_000);
  }
  // As if the last file of each day had come when that day ended.
  for (const day of days) {
    const endS = Date.parse(day) / 1_000 + 86_400;
    utimesSync(join(archive, day), endS, endS);
  }
  return [...days];
}

/** The same scans at another distance in time. */
export function stretched(chunk: ScanChunk, stepMs: number): ScanChunk {
  const firstMs = chunk.timesMs[0]!;
  return { ...chunk, timesMs: chunk.timesMs.map((_, row) => firstMs + row * stepMs) };
}
