/**
 * Measures the scan reader, from a file's bytes to its JSON, and prints one JSON line:
 *     node bench/decode.ts
 * Every scan has different numbers: prices of four decimals and eigenvalues of 17 digits.
 */
import { seededRandom } from "../src/domain/simulator/random.ts";
import { createScanEncoder } from "../src/wire/arrow-writer.ts";
import { readScanGeneral } from "../src/wire/arrow/any-layout/any-layout.ts";
import { readScanFast } from "../src/wire/arrow/read-scan.ts";

const SCANS = 500;
const PASSES = 9;

function scanFiles(assetCount: number): Uint8Array[] {
  const random = seededRandom(20_260_325);
  const assets = Array.from({ length: assetCount }, (_, at) => `SYN${at}USDT`);
  const encode = createScanEncoder(assets);
  return Array.from({ length: SCANS }, (_, at) =>
    encode({
      scanNumber: at + 1,
      timestampMicros: 1_774_434_030_123_456 + at * 5_000_001,
      prices: Float64Array.from(assets, () => Math.round(random.uniform() * 1e8 + 1) / 1e4),
      eigenvalues: Float64Array.from(assets, () => random.uniform() * 3)
        .toSorted()
        .toReversed(),
    }),
  );
}

/** Microseconds a scan: the median of the passes, after one that is not counted. */
function timeMedian(files: readonly Uint8Array[], read: (bytes: Uint8Array) => { kind: string }) {
  const passes = Array.from({ length: PASSES + 1 }, () => {
    const started = performance.now();
    for (const bytes of files) {
      const { kind } = read(bytes);
      if (kind !== "scan") throw new Error(`a scan was read as ${kind}`);
    }
    return ((performance.now() - started) * 1_000) / files.length;
  });
  const sorted = passes.slice(1).toSorted((a, b) => a - b);
  return Number(sorted[PASSES >> 1]?.toFixed(1));
}

const result: Record<string, number> = {};
for (const assetCount of [50, 400]) {
  const files = scanFiles(assetCount);
  result[`fast_${assetCount}_us`] = timeMedian(files, readScanFast);
  result[`general_${assetCount}_us`] = timeMedian(files, readScanGeneral);
}
process.stdout.write(`${JSON.stringify(result)}\n`);
