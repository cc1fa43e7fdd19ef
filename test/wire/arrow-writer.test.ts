import { tableFromIPC } from "apache-arrow";
import { expect, test } from "vitest";
import { createScanEncoder, type ScanToWrite } from "../../src/wire/arrow-writer.ts";
import { readScanFast } from "../../src/wire/arrow/read-scan.ts";

const ASSETS = ["BTCUSDT", "ÆØÅUSDT", "X"];

function scan(scanNumber: number, eigenvalues: readonly number[]): ScanToWrite {
  return {
    scanNumber,
    timestampMicros: 1_774_433_730_123_456 + scanNumber,
    prices: Float64Array.of(0.1 + scanNumber, 1e-8, 65_000.25),
    eigenvalues: Float64Array.from(eigenvalues),
  };
}

test("apache-arrow reads what was written", () => {
  const encode = createScanEncoder(ASSETS);
  for (const written of [scan(1, []), scan(2, [2.5, 0.5, 0]), scan(3, [3, 0, 0]), scan(4, [])]) {
    const row = tableFromIPC(encode(written)).get(0)!;
    expect(row["scan_number"]).toBe(BigInt(written.scanNumber));
    expect(Math.round(row["timestamp"] * 1_000)).toBe(written.timestampMicros);
    expect([...row["assets"]]).toEqual(ASSETS);
    expect([...row["asset_prices"]]).toEqual([...written.prices]);
    expect([...row["eigenvalues"]]).toEqual([...written.eigenvalues]);
  }
});

test("the layout is the one that the bridge reads without apache-arrow", () => {
  const encode = createScanEncoder(ASSETS);
  expect(readScanFast(encode(scan(1, []))).kind).toBe("scan");
  expect(readScanFast(encode(scan(2, [2.5, 0.5, 0]))).kind).toBe("scan");
});

test("a scan's bytes stay as they are when the next is written", () => {
  const encode = createScanEncoder(ASSETS);
  const first = encode(scan(1, [1, 1, 1]));
  const kept = first.slice();
  encode(scan(2, [3, 0, 0]));
  expect(first).toEqual(kept);
});

test("a scan with a missing price is a bug of the caller", () => {
  const encode = createScanEncoder(ASSETS);
  expect(() => encode({ ...scan(1, []), prices: Float64Array.of(1, 2) })).toThrow(
    "a scan of 3 assets has 2 prices",
  );
});
