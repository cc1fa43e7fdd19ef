import { array, assert, double, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { judgedColumns, readScanColumns } from "../../../src/wire/arrow/read-scan.ts";
import { createTemplateReader } from "../../../src/wire/arrow/scan-template.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import { scanFixture, scanFixtures } from "../../helpers/arrow-scans.ts";

const encode = createScanEncoder(["BTCUSDT", "ETHUSDT", "SOLUSDT"]);

function plainScan(): Buffer {
  return Buffer.from(
    new Uint8Array(
      encode({
        scanNumber: 7,
        timestampMicros: 1_774_434_030_123_456,
        prices: Float64Array.of(1, 2, 3),
        eigenvalues: Float64Array.of(2, 1, 0.5, 0.1),
      }),
    ).buffer,
  );
}

function aligned(bytes: Uint8Array): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer);
}

/** What the template reads, the fixed layout reads the same. */
function checkAgreement(learned: Buffer, bytes: Buffer): boolean {
  const template = createTemplateReader();
  template.learn(learned);
  const read = template.read(bytes);
  if (read === null) return false;
  expect(judgedColumns(read)).toEqual(readScanColumns(bytes));
  return true;
}

test("other numbers in the same layout are read", () => {
  assert(
    property(
      integer({ min: 1 }),
      array(double(), { minLength: 3, maxLength: 3 }),
      array(double(), { minLength: 4, maxLength: 4 }),
      (scanNumber, prices, eigenvalues) => {
        const bytes = aligned(
          encode({
            scanNumber,
            timestampMicros: scanNumber * 1_000,
            prices: Float64Array.from(prices),
            eigenvalues: Float64Array.from(eigenvalues),
          }),
        );
        expect(checkAgreement(plainScan(), bytes)).toBe(true);
      },
    ),
  );
});

test("any byte may be another: it is a number's, or the template does not fit", () => {
  const plain = plainScan();
  let fitting = 0;
  for (let at = 0; at < plain.length; at += 1) {
    for (const flip of [0x01, 0x80]) {
      const bytes = Buffer.from(plain);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      if (checkAgreement(plain, aligned(bytes))) fitting += 1;
    }
  }
  // Scan number, time, three prices and four eigenvalues.
  expect(fitting).toBe(2 * 8 * 9);
});

test("whatever pyarrow wrote, a template of it reads it as the fixed layout does", () => {
  let fitting = 0;
  for (const [name] of scanFixtures()) {
    const bytes = aligned(scanFixture(name));
    if (checkAgreement(bytes, bytes)) fitting += 1;
  }
  expect(fitting).toBeGreaterThan(5);
});
