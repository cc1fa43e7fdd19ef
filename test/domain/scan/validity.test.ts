import { describe, expect, test } from "vitest";
import {
  ASSET_NAME_LENGTH_MAX,
  SCAN_ASSETS_MAX,
  type ScanColumns,
} from "../../../src/domain/scan/scan.ts";
import { judgeAssets, judgeNumbers } from "../../../src/domain/scan/validity.ts";

const SCAN: ScanColumns = {
  scanNumber: 1,
  timestampUs: 1_774_434_030_123_456,
  assets: ["A", "B", "C", "D"],
  prices: Float64Array.of(1, 2, 3, 4),
  eigenvalues: Float64Array.of(3, 1, 0, 0),
};

/** The result for the scan with these changes: the positions left out, or the reason. */
function check(changes: Partial<ScanColumns>, outcome: readonly number[] | string): void {
  const columns = { ...SCAN, ...changes };
  const verdict = judgeAssets(columns.assets) ?? judgeNumbers(columns);
  const found = verdict.kind === "valid" ? verdict.invalidPositions : verdict.reason;
  expect(found).toEqual(outcome);
}

describe("a price", () => {
  test.each([Number.NaN, 0, -0, -1, -5e-324, Infinity, -Infinity])(
    "of %d is left out and named",
    (price) => check({ prices: Float64Array.of(1, price, 3, 4) }, [1]),
  );
  test.each([5e-324, 1e308, Number.MAX_VALUE])("of %d is taken", (price) => {
    check({ prices: Float64Array.of(1, price, 3, 4) }, []);
  });
});

describe("a scan", () => {
  test.each([
    [
      [1, 0, 0, 4],
      [1, 2],
    ],
    [[0, 0, 0, 4], "too_few_valid_prices"],
    [[0, 0, 0, 0], "too_few_valid_prices"],
    [[1, 2, 3], "length_mismatch"],
    [[1, 2, 3, 4, 5], "length_mismatch"],
  ])("with prices %j gives %j", (prices, outcome) => {
    check({ prices: Float64Array.from(prices) }, outcome);
  });

  test("needs at least half of an odd number of prices", () => {
    check({ assets: ["A", "B", "C"], prices: Float64Array.of(1, 2, 0) }, [2]);
    check({ assets: ["A", "B", "C"], prices: Float64Array.of(1, 0, 0) }, "too_few_valid_prices");
  });

  test.each([
    [1, []],
    [2 ** 53 - 1, []],
    [0, "scan_number_range"],
    [-1, "scan_number_range"],
    [2 ** 53, "scan_number_range"],
    [Number.NaN, "scan_number_range"],
  ])("with number %d gives %j", (scanNumber, outcome) => check({ scanNumber }, outcome));

  test.each([
    [0, []],
    [-(2 ** 53) + 1, []],
    [2 ** 53, "timestamp_range"],
    [-(2 ** 53), "timestamp_range"],
  ])("at %d us gives %j", (timestampUs, outcome) => check({ timestampUs }, outcome));

  test.each([
    [[], []],
    [[-1e-17], []],
    [[2, 2, -0, 0], []],
    [[1, 2], "eigenvalues_not_descending"],
    [[2, Number.NaN], "eigenvalues_not_finite"],
    [[Number.NaN], "eigenvalues_not_finite"],
    [[Infinity, 1], "eigenvalues_not_finite"],
    [[1, -Infinity], "eigenvalues_not_finite"],
  ])("with eigenvalues %j gives %j", (eigenvalues, outcome) => {
    check({ eigenvalues: Float64Array.from(eigenvalues) }, outcome);
  });

  test("has at most as many eigenvalues as assets are read", () => {
    check({ eigenvalues: new Float64Array(SCAN_ASSETS_MAX) }, []);
    check({ eigenvalues: new Float64Array(SCAN_ASSETS_MAX + 1) }, "too_many_assets");
  });
});

describe("the assets", () => {
  test.each([
    [[], "assets_empty"],
    [["A", "B", "A", "D"], "duplicate_asset"],
    [["A", "", "C", "D"], "asset_name"],
    [["A", "B".repeat(ASSET_NAME_LENGTH_MAX + 1), "C", "D"], "asset_name"],
    [["A", "B".repeat(ASSET_NAME_LENGTH_MAX), "C", "D"], []],
    [["a", "A", "é", "e\u0301"], []],
    [["__proto__", "constructor", "toString", "1"], []],
  ])("%j give %j", (assets, outcome) => check({ assets }, outcome));

  test("are at most ten thousand", () => {
    const assets = Array.from({ length: SCAN_ASSETS_MAX + 1 }, (_, at) => `A${at}`);
    expect(judgeAssets(assets)?.reason).toBe("too_many_assets");
    expect(judgeAssets(assets.slice(1))).toBeNull();
  });
});
