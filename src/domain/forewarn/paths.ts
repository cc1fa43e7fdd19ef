/**
 * Simulates a book's equity: the stationary bootstrap of Politis and Romano (1994) over its past returns. A path is
 * made of stretches of the past, each of a random length with the given mean, so that dependence between neighbours
 * is kept. It uses returns, not amounts, because a book that has grown risks more.
 */
import { assert } from "../assert.ts";
import { seededRandom } from "../simulator/random.ts";

export type PathsPlan = {
  /** Returns of the equity, one per step, in order of time; each is above -1. */
  readonly returns: Float64Array;
  /** For each regime the indexes of `returns` at which a stretch may start. */
  readonly starts: readonly Int32Array[];
  /** How regimes followed each other; `ONE_REGIME` where they are not told apart. */
  readonly regimes: RegimePath;
  /** Mean length of a stretch, in steps. */
  readonly meanBlock: number;
  readonly paths: number;
  readonly steps: number;
  /** Steps of one trading day, from the first step on. */
  readonly stepsPerDay: number;
  /** The highest equity so far and the equity at the day's start, as multiples of the present one. */
  readonly from: { readonly peak: number; readonly dayStart: number };
  /** Steps after which the equity of all paths is recorded, ascending. */
  readonly checkpoints: readonly number[];
  readonly seed: number;
};

/** The market's regimes in order of time: each path of equity goes along a stretch of it. */
export type RegimePath = {
  /** Indexes of `starts`; its end is followed by its beginning. */
  readonly path: Uint8Array;
  /** Where on it a path of equity may begin: wherever the market was as it is now. */
  readonly origins: Int32Array;
  readonly advancePerStep: number;
};

export const ONE_REGIME: RegimePath = {
  path: Uint8Array.of(0),
  origins: Int32Array.of(0),
  advancePerStep: 0,
};

export type Paths = {
  /** For each checkpoint, the equity of every path as a multiple of the present one. */
  readonly equity: readonly Float64Array[];
  /** For each path, the largest drawdown as a share of its peak. */
  readonly drawdown: Float64Array;
  /** For each path, the worst loss within one day, as a share of the day's start. */
  readonly dailyLoss: Float64Array;
};

const NOWHERE = new Int32Array(0);

/** Simulates all paths of a plan; the same plan gives the same paths. */
export function simulatePaths(plan: PathsPlan): Paths {
  const { returns, paths, steps, from } = plan;
  const { path: regimes, origins, advancePerStep } = plan.regimes;
  assert(0 < returns.length, "there is a past to draw from");
  assert(0 < origins.length, "the market was as it is now at least once");
  const startsOf = Array.from(regimes, (regime) => plan.starts[regime] ?? NOWHERE);
  assert(!startsOf.some(({ length }) => length === 0), "each regime has returns to start from");
  assert(1 <= plan.meanBlock && 1 <= plan.stepsPerDay, "a stretch and a day have a length");
  const ahead = Int32Array.from({ length: steps }, (_, step) => {
    return Math.floor(step * advancePerStep) % regimes.length;
  });
  const random = seededRandom(plan.seed);
  const growth = returns.map((each) => 1 + each);
  const equity = plan.checkpoints.map(() => new Float64Array(paths));
  const drawdown = new Float64Array(paths);
  const dailyLoss = new Float64Array(paths);
  const length = growth.length;
  const ends = 1 / plan.meanBlock;
  const stay = Math.log1p(-ends);
  for (let path = 0; path < paths; path += 1) {
    let value = 1;
    let peak = Math.max(1, from.peak);
    let dayStart = from.dayStart;
    let dayEnd = plan.stepsPerDay;
    let deepest = 1 - 1 / peak;
    let worstDay = Math.max(0, 1 - 1 / dayStart);
    // Without a choice nothing is drawn: one regime alone leaves the sequence of draws as it is.
    const origin =
      origins.length === 1
        ? (origins[0] ?? 0)
        : (origins[Math.floor(random.uniform() * origins.length)] ?? 0);
    let at = 0;
    let blockEnd = 0;
    let checkpoint = 0;
    let keepAt = plan.checkpoints[0] ?? Infinity;
    for (let step = 0; step < steps; step += 1) {
      if (step === blockEnd) {
        const now = origin + (ahead[step] ?? 0);
        const starts = startsOf[now < regimes.length ? now : now - regimes.length] ?? NOWHERE;
        at = starts[Math.floor(random.uniform() * starts.length)] ?? 0;
        // A geometric length: after each step the stretch ends with the same probability.
        const drawn = ends === 1 ? 0 : random.uniform();
        blockEnd = step + (drawn < ends ? 1 : 1 + Math.floor(Math.log1p(-drawn) / stay));
      } else {
        at = at + 1 === length ? 0 : at + 1;
      }
      if (step === dayEnd) {
        dayStart = value;
        dayEnd += plan.stepsPerDay;
      }
      value *= growth[at] ?? 1;
      if (peak < value) peak = value;
      else if (value < peak * (1 - deepest)) deepest = 1 - value / peak;
      if (value < dayStart * (1 - worstDay)) worstDay = 1 - value / dayStart;
      if (step + 1 === keepAt) {
        (equity[checkpoint] ?? drawdown)[path] = value;
        checkpoint += 1;
        keepAt = plan.checkpoints[checkpoint] ?? Infinity;
      }
    }
    drawdown[path] = deepest;
    dailyLoss[path] = worstDay;
  }
  return { equity, drawdown, dailyLoss };
}
