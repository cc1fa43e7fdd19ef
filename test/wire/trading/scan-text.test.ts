import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScanTextReader } from "../../../src/wire/trading/scan-text.ts";
import { scanText } from "../../helpers/trader.ts";

const AT_MS = 1_774_400_000_000;

/** What JSON.parse says of the same text. */
function checkSame(reader: ScanTextReader, text: string): void {
  const scan = reader.read(text);
  const raw: {
    assets: string[];
    asset_prices: Record<string, number>;
    eigenvalues: number[];
    seq: number;
    epoch: number;
    replayed: boolean;
    late: boolean;
    scan_number: number;
  } = JSON.parse(text);
  expect(scan).toMatchObject({
    seq: raw.seq,
    epoch: raw.epoch,
    isReplayed: raw.replayed,
    isLate: raw.late,
    scanNumber: raw.scan_number,
    asOfMs: AT_MS,
  });
  expect(scan?.assets.slice(0, raw.assets.length)).toEqual(raw.assets);
  for (const [at, asset] of raw.assets.entries()) {
    const price = raw.asset_prices[asset] ?? Number.NaN;
    expect(scan?.prices[at]).toBe(price > 0 && price < Infinity ? price : Number.NaN);
  }
  expect([...(scan?.eigenvalues ?? [])].slice(0, scan?.eigenvalueCount)).toEqual(raw.eigenvalues);
}

const anyPrice = fc.double({ min: 1e-12, max: 1e15, noNaN: true });
const anyEigenvalue = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("the text of a scan", () => {
  test("is read to the same bits as JSON.parse reads it, whatever the numbers", () => {
    const reader = new ScanTextReader();
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }), {
          maxLength: 20,
        }),
        fc.array(anyPrice, { minLength: 20, maxLength: 20 }),
        fc.array(anyEigenvalue, { maxLength: 30 }),
        (assets, prices, eigenvalues) => {
          const named = assets.filter((name) => name !== "__proto__" && name.length <= 64);
          const text = scanText({ seq: 7, prices, eigenvalues, atMs: AT_MS, assets: named });
          checkSame(reader, text);
          // In another layout: by JSON.parse.
          checkSame(reader, JSON.stringify(JSON.parse(text), null, 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("keeps one array of names while the universe is the same, also through a lost price", () => {
    const reader = new ScanTextReader();
    const at = { seq: 1, eigenvalues: [2, 1], atMs: AT_MS };
    const whole = scanText({ ...at, assets: ["A", "B", "C"], prices: [1, 2, 3] });
    const before = reader.read(whole)?.assets;
    expect(reader.read(whole)?.assets).toBe(before);
    const lacking = reader.read(
      scanText({ ...at, assets: ["A", "C"], prices: [1.5, 3.5], invalid: ["B"] }),
    );
    expect(lacking?.assets).toBe(before);
    expect([...(lacking?.prices ?? [])].slice(0, 3)).toEqual([1.5, Number.NaN, 3.5]);
    const after = reader.read(whole);
    expect(after?.assets).toBe(before);
    expect([...(after?.prices ?? [])].slice(0, 3)).toEqual([1, 2, 3]);
    expect(reader.read(scanText({ ...at, assets: ["A", "C"], prices: [1, 3] }))?.assets).toEqual([
      "A",
      "C",
    ]);
  });

  const good = scanText({ seq: 1, eigenvalues: [1], atMs: AT_MS, assets: ["A"], prices: [1] });
  test.each([
    ["nothing", null],
    ["a number", 7],
    ["an empty text", ""],
    ["a cut text", good.slice(0, -5)],
    ["no object", "[1]"],
    ["a name twice", good.replace('["A"]', '["A","A"]')],
    ["a seq of text", good.replace('"seq":1', '"seq":"1"')],
    ["no seq", good.replace('"seq":1', '"sea":1')],
    ["a seq below one", good.replace('"seq":1', '"seq":0')],
    ["a moment that is none", good.replace("2026-", "2026x")],
    ["eigenvalues of text", good.replace('"eigenvalues":[1]', '"eigenvalues":["1"]')],
    ["a flag that is none", good.replace('"late":false', '"late":0')],
  ])("that is %s is no scan", (_what, text) => {
    const reader = new ScanTextReader();
    expect(reader.read(good)?.seq).toBe(1);
    expect(reader.read(text)).toBeNull();
  });
});
