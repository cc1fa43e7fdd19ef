import { expect, test } from "vitest";
import { createEncoderApart } from "../../src/cli/simulate/encode-apart.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";

const assets = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
const scanOf = (scanNumber: number, eigenvalues: readonly number[]) => ({
  scanNumber,
  timestampMicros: 1_700_000_000_000_000 + scanNumber,
  prices: Float64Array.of(1.5 * scanNumber, 2.5, 3.5),
  eigenvalues: Float64Array.from(eigenvalues),
});

test("an encoder whose layouts a thread made writes the same bytes", async () => {
  const encode = createScanEncoder(assets);
  const apart = await createEncoderApart({ assets, eigenvalueCounts: [0, assets.length] });
  const scans = [scanOf(1, []), scanOf(2, [2, 0.7, 0.3]), scanOf(3, []), scanOf(4, [1, 1, 1])];
  for (const scan of scans) expect(apart(scan)).toEqual(encode(scan));
  expect(() => apart(scanOf(5, [3]))).toThrow("there is no layout for a scan of 1 eigenvalues");
});
