/** The default strategy's readings and exits, compared with its definition over plain arrays. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { MarketWindows } from "../../../src/domain/trading/market/market-windows.ts";
import type { EntrySignal } from "../../../src/domain/trading/strategy.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, scripted } from "../../helpers/trading/scripted.ts";
import { SHORT_WINDOWS } from "../../helpers/trading/short-windows.ts";

const SHORT = { ...SHORT_WINDOWS, threshold: 0.001 };
const { droppedScans, longWindow, shortWindow, normalizeScans, volatilityScans } = SHORT;
const ASSETS = ["AAA", "BBB", "CCC"];
const QUANTILE = 0.6;
const SCALE = 0.015;

type Row = { readonly prices: readonly number[]; readonly eigenvalue: number };

/** Moves of up to `move` a scan; every tenth is five times as wide. */
function market(scans: number, move: number, seed = 5): readonly Row[] {
  const random = seededRandom(seed);
  let prices = [100, 20, 5];
  return Array.from({ length: scans }, (_, at) => {
    const width = at % 10 === 9 ? 5 * move : move;
    prices = prices.map((price) => price * (1 + width * (2 * random.uniform() - 1)));
    return { prices, eigenvalue: 1 + random.uniform() };
  });
}

type Explained = {
  readonly readings: Readonly<Record<string, number | boolean>>;
  readonly signal: EntrySignal | null;
};

function explainedOf(
  rows: readonly Row[],
  parameters: Readonly<Record<string, number | string>> = {},
) {
  const strategy = velocityDivergence.start({ ...SHORT, ...parameters });
  const windows = new MarketWindows(strategy.lookBackScans, 0);
  windows.changeUniverse(ASSETS);
  return rows.map(({ prices, eigenvalue }, at): Explained => {
    windows.push({
      ...scanNumbered(at + 1, DAY_START_MS),
      index: at,
      nowMs: DAY_START_MS,
      prices: Float64Array.from(prices),
      eigenvalues: Float64Array.of(eigenvalue, 0),
      eigenvalueCount: 2,
    });
    strategy.observe(windows);
    return { readings: strategy.readings(), signal: strategy.decide(windows) };
  });
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, one) => sum + one, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

/** Of every scan: NaN until the levels reach back far enough. */
function divergences(rows: readonly Row[]): readonly number[] {
  const levels = rows.map(({ eigenvalue }) => eigenvalue / ASSETS.length);
  return levels.map((level, at) =>
    at < droppedScans + longWindow
      ? NaN
      : (level - levels[at - shortWindow]!) / shortWindow -
        (level - levels[at - longWindow]!) / longWindow,
  );
}

function expectedDivergence(rows: readonly Row[], at: number): number {
  const all = divergences(rows);
  const before = all.slice(Math.max(0, at - normalizeScans), at);
  if (before.length < normalizeScans || before.some(Number.isNaN)) return 0;
  return (SCALE * all[at]!) / Math.sqrt(mean(before.map((one) => one * one)));
}

function expectedLiveliness(rows: readonly Row[], at: number): boolean {
  const volatilities = rows.slice(0, at + 1).map((_, end) => {
    const from = end - volatilityScans + 1;
    if (from < droppedScans) return NaN;
    const returns = rows.slice(from, end + 1).map(({ prices }, offset) => {
      const before = rows[from + offset - 1]!.prices;
      return mean(prices.map((price, asset) => price / before[asset]! - 1));
    });
    return deviation(returns);
  });
  const ranked = volatilities.slice(-SHORT.volatilityRankScans);
  if (ranked.length < SHORT.volatilityRankScans || ranked.some(Number.isNaN)) return false;
  const sorted = ranked.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * QUANTILE;
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return low + (high - low) * (place - Math.floor(place)) < volatilities.at(-1)!;
}

describe("the reading", () => {
  const rows = market(80, 0.002);
  const explained = explainedOf(rows);

  test("`last_vel_div` is the divergence over what was usual before it, and 0 until that is known", () => {
    for (const [at, { readings }] of explained.entries()) {
      expect(readings["last_vel_div"]).toBeCloseTo(expectedDivergence(rows, at), 12);
    }
    const firstKnown = droppedScans + longWindow + normalizeScans;
    expect(explained.findIndex(({ readings }) => readings["last_vel_div"] !== 0)).toBe(firstKnown);
  });

  test("`last_vel_div` is 0 while the market's share grows evenly, and the scale's for a usual turn", () => {
    // Three assets, and steps that binary fractions hold exactly: what is left would be rounding.
    const even = rows.map(({ prices }, at) => ({ prices, eigenvalue: 3 * (1 + at / 1_024) }));
    for (const { readings } of explainedOf(even)) {
      expect(readings["last_vel_div"]).toBe(0);
    }
    // Up and down in turns: each divergence is as wide as those before.
    const turns = rows.map(({ prices }, at) => ({ prices, eigenvalue: 1 + (at % 2) / 4 }));
    const last = explainedOf(turns).slice(-2);
    const signs = last.map(({ readings }) => Number(readings["last_vel_div"]) / SCALE);
    expect(signs[0]! * signs[1]!).toBeCloseTo(-1, 9);
  });

  test("`vol_ok` is whether the market is livelier than at most of the previous scans", () => {
    const expected = rows.map((_, at) => expectedLiveliness(rows, at));
    expect(explained.map(({ readings }) => readings["vol_ok"])).toEqual(expected);
    expect(new Set(expected)).toEqual(new Set([true, false]));
  });

  test("`vol_ok` is needed for a signal, and false in a market that does not move", () => {
    const signalled = explained.filter(({ signal }) => signal !== null);
    expect(new Set(signalled.map(({ readings }) => readings["vol_ok"]))).toEqual(new Set([true]));
    const still = explainedOf(rows.map(({ eigenvalue }) => ({ prices: [1, 2, 3], eigenvalue })));
    expect(still.filter(({ readings, signal }) => readings["vol_ok"] || signal !== null)).toEqual(
      [],
    );
  });
});

/** The asset's usual move over the longest hold. */
function moveOf(rows: readonly Row[], at: number, asset: number): number {
  const returns = Array.from({ length: SHORT.sigmaScans }, (_, back) => {
    return rows[at - back]!.prices[asset]! / rows[at - back - 1]!.prices[asset]! - 1;
  });
  return deviation(returns) * Math.sqrt(SHORT.holdScansMax);
}

const within = (value: number) => Math.min(0.05, Math.max(0.0025, value));

const adaptivePlans = (width: number) =>
  explainedOf(market(120, width), { preset: "adaptive" }).flatMap(
    ({ signal }) => signal?.plan ?? [],
  );

const eigen = (eigenvalue: number) => ({
  eigenvalues: Float64Array.of(eigenvalue, 0),
  eigenvalueCount: 2,
});

describe("adaptive exits", () => {
  test.each([
    ["calm", 0.000_01],
    ["normal", 0.001],
    ["wild", 0.05],
  ])("follow the asset's own moves, within their bounds: %s", (bucket, width) => {
    const rows = market(120, width);
    const signals = explainedOf(rows, { preset: "adaptive" }).flatMap(({ signal }, at) =>
      signal === null ? [] : [{ signal, at }],
    );
    const buckets = new Set<string>();
    for (const { signal, at } of signals) {
      const move = moveOf(rows, at, signal.column);
      expect(signal.plan.takeProfit).toBeCloseTo(within(0.95 * move), 9);
      expect(signal.plan.stopLoss).toBeCloseTo(within(move), 9);
      expect(signal.plan.holdScansMax).toBe(SHORT.holdScansMax);
      expect(signal.plan.bucket).toBe(move < 0.0075 ? "calm" : move < 0.02 ? "normal" : "wild");
      buckets.add(signal.plan.bucket);
    }
    expect(buckets).toContain(bucket);
  });

  test("reach neither below a quarter of a percent nor above five", () => {
    expect(new Set(adaptivePlans(0.000_01).map(({ stopLoss }) => stopLoss))).toEqual(
      new Set([0.0025]),
    );
    expect(new Set(adaptivePlans(0.3).map(({ takeProfit }) => takeProfit))).toEqual(
      new Set([0.05]),
    );
  });

  test("are off by default: the exits are the parameters, whatever the asset does", () => {
    const signals = [0.000_01, 0.05].flatMap((width) =>
      explainedOf(market(120, width), { takeProfit: 0.012, stopLoss: 0.034 }),
    );
    const plans = signals.flatMap(({ signal }) => (signal === null ? [] : [signal.plan]));
    expect(plans.length).toBeGreaterThan(5);
    for (const plan of plans) expect(plan).toMatchObject({ takeProfit: 0.012, stopLoss: 0.034 });
  });

  test.each([
    ["take_profit", 1],
    ["stop_loss", -1],
  ] as const)("are held by the book as they were at the entry: %s", (reason, side) => {
    const parameters = { ...SHORT, preset: "adaptive" };
    const { trader, tell, scan, fill, orders } = scripted({
      strategy: velocityDivergence,
      parameters,
    });
    tell({ kind: "posture", posture: "APEX", asOfMs: DAY_START_MS, source: "test" });
    const rows = market(120, 0.001);
    const at = rows.findIndex(({ prices, eigenvalue }, place) => {
      return (
        scan(place + 1, { prices: Float64Array.from(prices), ...eigen(eigenvalue) }) === "entered"
      );
    });
    const { asset, referencePrice, side: bought } = orders[0]!;
    fill(referencePrice);
    const { plan } = trader.data.positions[0]!;
    const exit = reason === "take_profit" ? plan.takeProfit : plan.stopLoss;
    expect([0.0095, 0.01]).not.toContain(exit);
    const sign = side * (bought === "buy" ? 1 : -1);
    const priced = (gain: number) => {
      const prices = [...rows[at]!.prices];
      prices[ASSETS.indexOf(asset)] = referencePrice * (1 + sign * gain);
      return { prices: Float64Array.from(prices), ...eigen(rows[at]!.eigenvalue) };
    };
    expect(scan(at + 2, priced(exit * 0.999))).toBe("held");
    expect(scan(at + 3, priced(exit * 1.001))).toBe("exited");
    expect(orders.at(-1)).toMatchObject({ purpose: "exit", asset, reason });
  });
});
