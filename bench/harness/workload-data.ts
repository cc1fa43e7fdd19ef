/** The benchmark's columns on disk, read chunk by chunk into reused buffers. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { ScanChunk } from "../../src/domain/backtest/backtest-run.ts";

const CHUNK_DOUBLES = 65_536;
const CHUNK_SCANS_MAX = 16_384;
const NS_PER_MS = 1e6;

export type WorkloadData = {
  readonly folder: string;
  readonly scans: number;
  readonly assets: readonly string[];
  readonly dataHash: string;
  /** One pass over the data; each chunk is overwritten by the next. */
  readonly chunks: () => Generator<ScanChunk>;
};

export function openWorkload(folder: string): WorkloadData {
  const meta = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
  const scans = Number(meta["N"]);
  const assetCount = Number(meta["A"]);
  const assets = Array.from({ length: assetCount }, (_, at) => `ASSET${at}`);
  const buffers = buffersFor(assets);
  return {
    folder,
    scans,
    assets,
    dataHash: `${meta["sha256_price"]}-${meta["sha256_vel"]}`,
    chunks: () => chunksOf(folder, scans, buffers),
  };
}

type Buffers = ReturnType<typeof buffersFor>;

function buffersFor(assets: readonly string[]) {
  const rows = Math.min(CHUNK_SCANS_MAX, Math.max(1, Math.floor(CHUNK_DOUBLES / assets.length)));
  return {
    assets,
    rows,
    prices: new Float64Array(rows * assets.length),
    times: new Uint32Array(rows * 2),
    timesMs: new Float64Array(rows),
    signal: new Float64Array(rows),
    isLively: new Uint8Array(rows),
    carried: new Float64Array(rows * 2),
    eigenvalues: new Float64Array(rows),
  };
}

function* chunksOf(folder: string, scans: number, buffers: Buffers): Generator<ScanChunk> {
  const { assets, rows, prices, times, timesMs, signal, isLively, carried, eigenvalues } = buffers;
  const open = (name: string) => openSync(join(folder, name), "r");
  const files = [open("price.f64"), open("ts.i64"), open("vel_div.f64"), open("vol_ok.u8")];
  try {
    for (let first = 0; first < scans; first += rows) {
      const count = Math.min(rows, scans - first);
      readInto(files[0]!, prices, first * assets.length, count * assets.length);
      readInto(files[1]!, times, first * 2, count * 2);
      readInto(files[2]!, signal, first, count);
      readInto(files[3]!, isLively, first, count);
      for (let row = 0; row < count; row += 1) {
        // Nanoseconds do not fit a double; rounded to milliseconds the lost bits don't matter.
        const ns = times[row * 2 + 1]! * 2 ** 32 + times[row * 2]!;
        timesMs[row] = Math.round(ns / NS_PER_MS);
        carried[row * 2] = signal[row]!;
        // The data have none: something positive that moves, so that the default strategy has work.
        eigenvalues[row] = 0.3 * assets.length * (1 + signal[row]!);
        carried[row * 2 + 1] = isLively[row]!;
      }
      yield { assets, count, timesMs, prices, eigenvalues, eigenvalueCount: 1, carried };
    }
  } finally {
    files.forEach(closeSync);
  }
}

function readInto(
  file: number,
  target: Float64Array | Uint32Array | Uint8Array,
  first: number,
  count: number,
): void {
  const size = target.BYTES_PER_ELEMENT;
  const read = readSync(file, target, 0, count * size, first * size);
  if (read !== count * size) throw new Error(`a column ends ${count * size - read} bytes early`);
}
