/**
 * An archive of the example's closes with funding and order books beside it, as a worker and the service `order-book`
 * would have recorded them. The closes are real; rates and books are SIMULATED, and say so.
 */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ReadingsStore, readingsPath } from "../../src/adapters/indicators/readings-store.ts";
import { booksFolder } from "../../src/adapters/order-book/book-archive.ts";
import { createBookRecorder } from "../../src/adapters/order-book/book-recorder.ts";
import type { ScanChunk } from "../../src/domain/backtest/backtest-run.ts";
import { type Book, createBook, DEPTH, type BookSide } from "../../src/domain/order-book/book.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";

const SOURCE = "simulated example";
const HOUR_MS = 3_600_000;
/** Received so long before the scan that it is known at. */
const AHEAD_MS = 1_500;
const RATE_MAX = 0.000_3;

export type LaidOut = { readonly archive: string; readonly dataDir: string };

/** `seed`: of rates and books. */
export async function layOutInputs(dir: string, chunk: ScanChunk, seed = 1): Promise<LaidOut> {
  const archive = join(dir, "archive");
  const dataDir = join(dir, "data");
  writeScans(archive, chunk);
  writeFunding(dataDir, chunk, seed);
  await writeBooks(dataDir, chunk, seed);
  return { archive, dataDir };
}

function writeScans(archive: string, chunk: ScanChunk): void {
  const encode = createScanEncoder(chunk.assets);
  const width = chunk.assets.length;
  for (let row = 0; row < chunk.count; row += 1) {
    const timeMs = chunk.timesMs[row]!;
    const folder = join(archive, new Date(timeMs).toISOString().slice(0, 10));
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `scan_${String(row + 1).padStart(8, "0")}.arrow`);
    const prices = chunk.prices.slice(row * width, (row + 1) * width);
    const eigenvalues = new Float64Array(0);
    writeFileSync(
      path,
      encode({ scanNumber: row + 1, timestampMicros: timeMs * 1_000, prices, eigenvalues }),
    );
    utimesSync(path, timeMs / 1_000, timeMs / 1_000);
  }
}

/** A reading of each asset an hour, a walk that comes back to nothing. */
function writeFunding(dataDir: string, chunk: ScanChunk, seed: number): void {
  const random = seededRandom(seed);
  const store = new ReadingsStore(readingsPath(dataDir), { readonly: false });
  const rates = chunk.assets.map(() => 0);
  const last = chunk.timesMs[chunk.count - 1]!;
  for (let atMs = chunk.timesMs[0]!; atMs <= last; atMs += HOUR_MS) {
    const readings = chunk.assets.map((asset, column) => {
      rates[column] = 0.9 * rates[column]! + 0.4 * RATE_MAX * (2 * random.uniform() - 1);
      const asOfMs = atMs - AHEAD_MS - 2_000;
      const of = { unit: "share", source: SOURCE, sourceHash: "", note: null };
      const fetchedUs = (atMs - AHEAD_MS) * 1_000;
      const isOwn = column === 0;
      return { series: `funding.${asset}`, isOwn, value: rates[column], asOfMs, fetchedUs, ...of };
    });
    store.markPushed(store.record(readings, 0), (atMs - AHEAD_MS) * 1_000);
  }
  store.close();
}

async function writeBooks(dataDir: string, chunk: ScanChunk, seed: number): Promise<void> {
  const random = seededRandom(seed + 1);
  const recorder = createBookRecorder({
    folder: booksFolder(dataDir),
    epoch: 1,
    everyMs: 0,
    keepDays: 10_000,
    keepBytes: 1e12,
  });
  for (let row = 0; row < chunk.count; row += 1) {
    const receivedMs = chunk.timesMs[row]! - AHEAD_MS;
    for (const [column, asset] of chunk.assets.entries()) {
      const price = chunk.prices[row * chunk.assets.length + column]!;
      if (!(price > 0)) continue;
      const book = bookAround(price, random);
      const times = { asOfMs: receivedMs - 30, receivedMs, knownMs: receivedMs };
      recorder.keep({ asset, ...times, book, source: SOURCE });
    }
    await recorder.flush(receivedMs);
  }
  await recorder.close();
}

/** A spread of 1 to 4 bps, levels a basis point apart, and one side that is stronger than the other. */
function bookAround(price: number, random: ReturnType<typeof seededRandom>): Book {
  const book = createBook();
  const half = (price * (0.5 + 1.5 * random.uniform())) / 10_000;
  const lean = random.uniform();
  const size = (2_000 + 20_000 * random.uniform()) / price;
  fill(book.bids, { from: price - half, step: -price / 10_000, size: size * lean });
  fill(book.asks, { from: price + half, step: price / 10_000, size: size * (1 - lean) });
  return book;
}

function fill(
  side: BookSide,
  { from, step, size }: { readonly from: number; readonly step: number; readonly size: number },
): void {
  for (let level = 0; level < DEPTH; level += 1) {
    side.prices[level] = from + level * step;
    side.sizes[level] = Math.max(size * (1 + level), 1e-9);
  }
  side.count = DEPTH;
}
