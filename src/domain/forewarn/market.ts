/**
 * The market that a book trades in, from prices of the archive: at each step of time one of three regimes, by how much
 * the traded assets have moved shortly before. Invariant: the regime of a step depends on earlier prices alone, except
 * for the two thresholds, which are the terciles of the whole series.
 */
import { assert } from "../assert.ts";
import { MS_PER_HOUR, MS_PER_MINUTE } from "../time.ts";
import { quantileOf } from "../statistics/daily-ratios.ts";

export const MARKET_REGIMES = ["calm", "normal", "wild"] as const;
export type MarketRegime = (typeof MARKET_REGIMES)[number];

/** Prices at ascending times, row-major, rows x assets; NaN: no price. At most one row a step is used. */
export type MarketSamples = {
  readonly timesMs: Float64Array;
  readonly prices: Float64Array;
  readonly assets: number;
};

export type RegimeSeries = {
  readonly fromMs: number;
  readonly stepMs: number;
  /** One letter a step: the first of the regime's name, or `-` where it is not known. */
  readonly steps: string;
  /** Steps whose regime is known. */
  readonly known: number;
  /** Square roots of the mean squared return over one step: the terciles, and the present value. */
  readonly moves: { readonly low: number; readonly high: number; readonly present: number };
  readonly present: MarketRegime;
};

export type MarketFound =
  | { readonly kind: "known"; readonly market: RegimeSeries }
  /** `reason` is a sentence. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Returns over which a regime is measured, and how many of them have to be known. */
export const TRAILING_STEPS = 24;
const TRAILING_KNOWN_MIN = TRAILING_STEPS / 2;
/** Ten stretches that do not overlap: terciles of fewer say nothing. */
export const KNOWN_STEPS_MIN = 10 * TRAILING_STEPS;
/** A year of the shortest steps. */
const STEPS_MAX = 110_000;
const STEP_MS_MIN = 5 * MS_PER_MINUTE;
/** An older market is not the present one. */
const PRESENT_MS_MAX = MS_PER_HOUR;
const UNKNOWN_STEP = "-";

/** The step of a market for trades that are held so long: whole minutes, from 5 minutes to an hour. */
export function marketStepMs(heldMs: number): number {
  const minutes = Math.ceil(heldMs / MS_PER_MINUTE) * MS_PER_MINUTE;
  return Math.max(STEP_MS_MIN, Math.min(MS_PER_HOUR, minutes));
}

/** @param stepMs as `marketStepMs` gives it */
export function classifyMarket(
  samples: MarketSamples,
  { stepMs, nowMs }: { readonly stepMs: number; readonly nowMs: number },
): MarketFound {
  const { timesMs } = samples;
  const first = Math.floor((timesMs[0] ?? 0) / stepMs);
  const last = Math.floor((timesMs.at(-1) ?? 0) / stepMs);
  const count = timesMs.length === 0 ? 0 : last - first + 1;
  assert(0 <= count && count <= STEPS_MAX, "samples are of one bounded stretch of time");
  const moves = trailingMeans(squaredReturns(samples, { stepMs, first, count }));
  const sorted = moves.filter((move) => !Number.isNaN(move)).toSorted();
  if (sorted.length < KNOWN_STEPS_MIN) return unknown(tooShort(sorted.length, stepMs));
  const newest = moves.findLastIndex((move) => !Number.isNaN(move));
  const ageMs = nowMs - (first + newest + 1) * stepMs;
  if (PRESENT_MS_MAX < ageMs) return unknown(tooOld(ageMs));
  const low = quantileOf(sorted, 1 / 3);
  const high = quantileOf(sorted, 2 / 3);
  const present = moves[newest] ?? Number.NaN;
  return {
    kind: "known",
    market: {
      fromMs: first * stepMs,
      stepMs,
      steps: Array.from(moves, (move) =>
        Number.isNaN(move) ? UNKNOWN_STEP : regimeOfMove(move, low, high).charAt(0),
      ).join(""),
      known: sorted.length,
      moves: { low: Math.sqrt(low), high: Math.sqrt(high), present: Math.sqrt(present) },
      present: regimeOfMove(present, low, high),
    },
  };
}

/**
 * The regime that was known at a time, from the last step that had ended by then; null outside of the series and where
 * it is not known.
 */
export function regimeAt(
  { fromMs, stepMs, steps }: Pick<RegimeSeries, "fromMs" | "stepMs" | "steps">,
  atMs: number,
): MarketRegime | null {
  return regimeOf(steps[Math.floor((atMs - fromMs) / stepMs) - 1] ?? UNKNOWN_STEP);
}

/** The known regimes in order of time, as indexes of `MARKET_REGIMES`. */
export function regimePath({ steps }: Pick<RegimeSeries, "steps">): Uint8Array {
  const letters = MARKET_REGIMES.map((regime) => regime.charAt(0)).join("");
  return Uint8Array.from(
    Array.from(steps)
      .filter((letter) => letter !== UNKNOWN_STEP)
      .map((letter) => letters.indexOf(letter)),
  );
}

function regimeOf(letter: string): MarketRegime | null {
  return MARKET_REGIMES.find((regime) => regime.startsWith(letter)) ?? null;
}

function regimeOfMove(move: number, low: number, high: number): MarketRegime {
  return move < low ? "calm" : high < move ? "wild" : "normal";
}

function unknown(reason: string): MarketFound {
  return { kind: "unknown", reason };
}

function tooShort(known: number, stepMs: number): string {
  const minutes = stepMs / MS_PER_MINUTE;
  return `the archive shows how the market moved at ${known} steps of ${minutes} minutes, at least ${KNOWN_STEPS_MIN} are needed`;
}

function tooOld(ageMs: number): string {
  return `the archive's newest scans are ${(ageMs / MS_PER_HOUR).toFixed(1)} hours old`;
}

/**
 * For each step the mean squared logarithmic return of the assets since the step before; NaN where one of the two has
 * no sample. Samples are not exactly a step apart, but those of many steps are so on average.
 */
function squaredReturns(
  { timesMs, prices, assets }: MarketSamples,
  grid: { readonly stepMs: number; readonly first: number; readonly count: number },
): Float64Array {
  const squares = new Float64Array(grid.count).fill(Number.NaN);
  let before = -1;
  let beforeStep = -Infinity;
  for (const [row, timeMs] of timesMs.entries()) {
    const step = Math.floor(timeMs / grid.stepMs) - grid.first;
    if (step === beforeStep) continue;
    if (step === beforeStep + 1) {
      squares[step] = squaredMean(prices, { before: before * assets, now: row * assets, assets });
    }
    before = row;
    beforeStep = step;
  }
  return squares;
}

function squaredMean(
  prices: Float64Array,
  {
    before,
    now,
    assets,
  }: { readonly before: number; readonly now: number; readonly assets: number },
): number {
  let sum = 0;
  let counted = 0;
  for (let asset = 0; asset < assets; asset += 1) {
    const change = Math.log((prices[now + asset] ?? 0) / (prices[before + asset] ?? 0));
    if (!Number.isFinite(change)) continue;
    sum += change * change;
    counted += 1;
  }
  return counted === 0 ? Number.NaN : sum / counted;
}

/** At each step the mean of the known values among the last ones, its own included; NaN where they are too few. */
function trailingMeans(values: Float64Array): Float64Array {
  return values.map((_, at) => {
    let sum = 0;
    let known = 0;
    for (let back = Math.max(0, at - TRAILING_STEPS + 1); back <= at; back += 1) {
      const value = values[back] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known < TRAILING_KNOWN_MIN ? Number.NaN : sum / known;
  });
}
