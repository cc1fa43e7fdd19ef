import { describe, expect, test } from "vitest";
import {
  classifyMarket,
  KNOWN_STEPS_MIN,
  type RegimeSeries,
  MARKET_REGIMES,
  type MarketSamples,
  marketStepMs,
  regimeAt,
  regimePath,
  TRAILING_STEPS,
} from "../../../src/domain/forewarn/market.ts";
import { marketWords } from "../../../src/domain/forewarn/market-words.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { MS_PER_MINUTE } from "../../../src/domain/time.ts";

const STEP_MS = 5 * MS_PER_MINUTE;
const ASSETS = 3;
const FROM_MS = 1_774_400_100_000;

/** Three assets; `deviations`: of each step's returns. `places`: where in its step a sample lies, from 0 to 1. */
function walk(
  deviations: readonly number[],
  places: (step: number) => number = () => 0.01,
): MarketSamples {
  const random = seededRandom(7);
  const now = new Float64Array(ASSETS).fill(100);
  const prices = new Float64Array(deviations.length * ASSETS);
  const timesMs = new Float64Array(deviations.length);
  let before = 0;
  for (const [step, deviation] of deviations.entries()) {
    const place = step + places(step);
    for (let asset = 0; asset < ASSETS; asset += 1) {
      // The variance of a return grows with the time that it is over.
      const moved = deviation * Math.sqrt(place - before) * random.normal();
      now[asset] = (now[asset] ?? 0) * Math.exp(moved);
    }
    before = place;
    prices.set(now, step * ASSETS);
    timesMs[step] = FROM_MS + place * STEP_MS;
  }
  return { timesMs, prices, assets: ASSETS };
}

/** Of a hundred steps nothing was heard. */
function isHeard(row: number): boolean {
  return row < 500 || 600 <= row;
}

function found(samples: MarketSamples, nowMs = samples.timesMs.at(-1)!): RegimeSeries {
  const classified = classifyMarket(samples, { stepMs: STEP_MS, nowMs });
  if (classified.kind === "unknown") throw new Error(classified.reason);
  return classified.market;
}

/** Regimes that last 60 to 180 steps, in turns. */
const TRUE_DEVIATION = { calm: 0.0005, normal: 0.0012, wild: 0.003 };
const course = Array.from({ length: 30 }, (_, turn) => {
  const regime = MARKET_REGIMES[[0, 1, 2, 1, 0, 2][turn % 6]!]!;
  return Array.from({ length: 60 + ((turn * 37) % 120) }, () => regime);
}).flat();

describe("a market's regimes", () => {
  test("are those by which its prices were drawn, once a regime has lasted as long as it is measured", () => {
    const market = found(walk(course.map((regime) => TRUE_DEVIATION[regime])));
    let settled = 0;
    let right = 0;
    for (const [step, regime] of course.entries()) {
      const since = course.slice(Math.max(0, step - TRAILING_STEPS), step + 1);
      if (step < TRAILING_STEPS || since.some((each) => each !== regime)) continue;
      settled += 1;
      // What was known when the step had ended.
      right += regimeAt(market, FROM_MS + (step + 1) * STEP_MS) === regime ? 1 : 0;
    }
    expect(settled).toBeGreaterThan(1_500);
    expect(right / settled).toBeGreaterThan(0.9);
    expect(market.present).toBe(course.at(-1));
  });

  test("are each a third of the time, whatever the prices are", () => {
    for (const shape of [(at: number) => at, (at: number) => 1 / at, (at: number) => at % 7]) {
      const path = regimePath(found(walk(course.map((_, at) => 1e-5 * shape(at + 1)))));
      for (const regime of [0, 1, 2]) {
        const share = path.filter((each) => each === regime).length / path.length;
        expect(Math.abs(share - 1 / 3)).toBeLessThan(0.002);
      }
    }
  });

  test("are known to a trade only by what came before it", () => {
    const quiet = Array.from({ length: 400 }, (_, at) => (at < 300 ? 0.001 : 0.01));
    const market = found(walk(quiet));
    expect(regimeAt(market, FROM_MS + 300 * STEP_MS)).not.toBe("wild");
    expect(regimeAt(market, FROM_MS + (300 + TRAILING_STEPS) * STEP_MS)).toBe("wild");
    expect(regimeAt(market, FROM_MS - 1)).toBeNull();
    expect(regimeAt(market, FROM_MS + 1_000 * STEP_MS)).toBeNull();
  });

  test("do not depend on where in a step its sample lies", () => {
    const random = seededRandom(3);
    const steady = course.map(() => 0.001);
    const even = found(walk(steady)).moves;
    const uneven = found(walk(steady, () => 0.98 * random.uniform())).moves;
    expect(even.low).toBeGreaterThan(0.0008);
    expect(uneven.low / even.low).toBeGreaterThan(0.9);
    expect(uneven.high / even.high).toBeLessThan(1.1);
  });

  test("are not known in a silence, and one asset without a price does not matter", () => {
    const whole = walk(course.map(() => 0.001));
    const timesMs = whole.timesMs.filter((_, row) => isHeard(row));
    const prices = whole.prices
      .filter((_, at) => isHeard(Math.floor(at / ASSETS)))
      .map((price, at) => (at % ASSETS === 1 ? Number.NaN : price));
    const market = found({ timesMs, prices, assets: ASSETS });
    expect(regimeAt(market, FROM_MS + 560 * STEP_MS)).toBeNull();
    expect(regimeAt(market, FROM_MS + 499 * STEP_MS)).not.toBeNull();
    expect(regimeAt(market, FROM_MS + 640 * STEP_MS)).not.toBeNull();
    expect(regimePath(market).length).toBe(market.known);
    expect(market.known).toBeLessThan(course.length - 100);
  });

  test("of constant prices are one", () => {
    const market = found(walk(course.map(() => 0)));
    expect(new Set(regimePath(market))).toEqual(new Set([1]));
  });

  const enough = KNOWN_STEPS_MIN + TRAILING_STEPS / 2;
  test.each([
    ["no samples", 0, 0, "at 0 steps of 5 minutes, at least 240 are needed"],
    ["too few", enough - 1, 0, "at 239 steps of 5 minutes, at least 240 are needed"],
    ["an archive that ended", enough, 190, "the archive's newest scans are 3.1 hours old"],
  ])("%s: says why it tells none", (_, steps, minutesLater, why) => {
    const samples = walk(Array.from({ length: steps }, () => 0.001));
    const nowMs = (samples.timesMs.at(-1) ?? 0) + minutesLater * MS_PER_MINUTE;
    const classified = classifyMarket(samples, { stepMs: STEP_MS, nowMs });
    expect(classified).toMatchObject({ kind: "unknown", reason: expect.stringContaining(why) });
    expect(marketWords(classified, { conditionedOn: null }, 50)).toContain(`by the trades alone`);
  });

  test("are reported with their figures, and with what too few trades cost", () => {
    const market = found(walk(course.map((regime) => TRUE_DEVIATION[regime])));
    const conditionedOn = { regime: market.present, trades: 31 };
    const words = marketWords({ kind: "known", market }, { conditionedOn }, 90);
    expect(words).toMatch(/^the market is \w+: over the last 2.0 hours .* 31 of 90 trades began/);
    const without = marketWords({ kind: "known", market }, { conditionedOn: null }, 90);
    expect(without).toContain("the weight is halved");
  });
});

test.each([
  [0, 5],
  [200_000, 5],
  [601_000, 11],
  [86_400_000, 60],
])("trades held %s ms are measured by steps of %s minutes", (heldMs, minutes) => {
  expect(marketStepMs(heldMs)).toBe(minutes * MS_PER_MINUTE);
});
