import { expect, test } from "vitest";
import type { ScanEvent } from "../../../src/domain/trading/events.ts";
import { MarketWindows } from "../../../src/domain/trading/market/market-windows.ts";

const NONE = new Float64Array(0);

function scanOf(assets: readonly string[], prices: readonly number[]): ScanEvent {
  return {
    kind: "scan",
    index: 1,
    nowMs: 5,
    seq: 1,
    scanNumber: 1,
    asOfMs: 5,
    assets,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    // Before and after lie other scans' prices, which must not be read.
    prices: Float64Array.of(-1, ...prices, 99),
    pricesAt: 1,
    eigenvalues: NONE,
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
    carried: NONE,
    carriedAt: 0,
  };
}

type Row = readonly [readonly string[], readonly number[]];

function windowsAfter(rows: readonly Row[], lookBackScans = 2): MarketWindows {
  const windows = new MarketWindows(lookBackScans, 0);
  for (const [assets, prices] of rows) {
    if (!windows.isSameUniverse(assets)) windows.changeUniverse(assets);
    windows.push(scanOf(assets, prices));
  }
  return windows;
}

const history = (windows: MarketWindows, asset: number) =>
  [0, 1, 2].map((back) => windows.before(asset, back));

const BOTH = ["AAA", "BBB"];

test("the last prices are there, and no more of them than were declared", () => {
  const windows = windowsAfter([1, 2, 3, 4, 5].map((price) => [BOTH, [price, price * 10]]));
  expect(history(windows, 0)).toEqual([5, 4, 3]);
  expect(history(windows, 1)).toEqual([50, 40, 30]);
  expect([windows.at(0), windows.at(1), windows.at(2), windows.at(-1)]).toEqual([5, 50, NaN, NaN]);
});

test.each([-1, 3, Number.NaN])(
  "looking %s scans back is refused: it is a later scan or an older one",
  (scans) => {
    const windows = windowsAfter([[BOTH, [1, 2]]]);
    expect(() => windows.before(0, scans)).toThrow(`0 to 2 scans as it declared, was ${scans}`);
  },
);

test.each([Number.NaN, 0, -4])(
  "a price of %s is absence, after which the asset's window restarts",
  (price) => {
    const rows: Row[] = [
      [BOTH, [1, 10]],
      [BOTH, [2, price]],
      [BOTH, [3, 30]],
    ];
    expect(history(windowsAfter(rows), 1)).toEqual([30, NaN, NaN]);
    expect(history(windowsAfter(rows), 0)).toEqual([3, 2, 1]);
  },
);

test("assets are matched by name when the universe changes; one that was away starts over", () => {
  const rows: Row[] = [
    [BOTH, [1, 10]],
    [
      ["BBB", "CCC", "AAA"],
      [20, 200, 2],
    ],
    [
      ["CCC", "AAA"],
      [300, 3],
    ],
    [
      ["AAA", "BBB"],
      [4, 40],
    ],
  ];
  expect(history(windowsAfter(rows.slice(0, 2)), 0)).toEqual([20, 10, NaN]);
  expect(history(windowsAfter(rows.slice(0, 3)), 1)).toEqual([3, 2, 1]);
  expect(history(windowsAfter(rows), 0)).toEqual([4, 3, 2]);
  expect(history(windowsAfter(rows), 1)).toEqual([40, NaN, NaN]);
});
