/**
 * Forecasts a book's coming days from its own past trades: an envelope of its equity, and the probability that one of
 * its loss limits is reached. Where the market's course is known, each path goes along a stretch of it that began as
 * the market is now, and draws trades that were entered in the regime of the moment. With too few trades there is no
 * verdict.
 */
import { quantileOf } from "../statistics/daily-ratios.ts";
import { optimalBlockLength } from "./block-length.ts";
import { MARKET_REGIMES } from "./market.ts";
import { ONE_REGIME, type RegimePath, simulatePaths } from "./paths.ts";

/** Raised when the same input may give another forecast. */
export const FOREWARN_VERSION = 2;
export const VERDICTS = ["unknown", "clear", "watch", "warn"] as const;
export type ForewarnVerdict = (typeof VERDICTS)[number];

export const TRADES_MIN = 30;
/** A regime with fewer trades is not conditioned on. */
export const REGIME_TRADES_MIN = 20;
/** What a forecast is worth whose trades were made in other markets than the present one. */
const OTHER_MARKETS_TRUST = 0.5;
const CHECKPOINTS = 20;
const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;
const WATCH_FROM = 0.05;
const WARN_FROM = 0.2;

export type PastTrade = {
  /** As a share of the equity before the trade, costs included. */
  readonly netReturn: number;
  /**
   * At entry: the market's regime where the market is known, else the volatility bucket of the asset. Empty: unknown.
   */
  readonly regime: string;
};

/** How the market's regimes followed each other. */
export type MarketCourse = {
  /** Indexes of `MARKET_REGIMES`, in order of time. */
  readonly path: Uint8Array;
  readonly stepsPerDay: number;
};

export type ForecastInput = {
  /** In the order of their ends. */
  readonly trades: readonly PastTrade[];
  /** The market's present regime; null where it is not known. */
  readonly regime: string | null;
  /** Null: not known; then `regime` and the regimes of trades are buckets of assets. */
  readonly market: MarketCourse | null;
  readonly tradesPerDay: number;
  readonly horizonDays: number;
  /** As a multiple of the present equity. */
  readonly peak: number;
  readonly dayStart: number;
  readonly limits: { readonly dailyLossMax: number; readonly drawdownMax: number };
  readonly paths: number;
  readonly seed: number;
};

export type EnvelopePoint = {
  /** Number of trades ahead. */
  readonly trades: number;
  /** Equity as a multiple of the present one, by the share of paths below it. */
  readonly quantiles: Readonly<Record<string, number>>;
};

export type Forecast = {
  readonly verdict: ForewarnVerdict;
  readonly reason: string;
  readonly envelope: readonly EnvelopePoint[];
  /** Null without a verdict. */
  readonly breach: {
    readonly drawdown: number;
    readonly dailyLoss: number;
    readonly either: number;
  } | null;
  readonly meanBlock: number | null;
  /** The regime in whose trades blocks start, and the number of such trades; null: blocks start at any trade. */
  readonly conditionedOn: { readonly regime: string; readonly trades: number } | null;
  /** Factor of the forecast's weight: below 1 where too few trades were made in a market like the present one. */
  readonly trust: number;
};

export function forecast(input: ForecastInput): Forecast {
  const { trades, limits } = input;
  if (trades.length < TRADES_MIN) {
    return without(`${trades.length} trades are known, at least ${TRADES_MIN} are needed`);
  }
  const ruinous = trades.find(({ netReturn }) => !(-1 < netReturn && netReturn < Infinity));
  if (ruinous !== undefined) {
    return without(
      `a trade with a return of ${ruinous.netReturn} on equity lost everything, so no forecast is possible`,
    );
  }
  const returns = Float64Array.from(trades, ({ netReturn }) => netReturn);
  const { starts, regimes, conditionedOn, trust } =
    input.market === null ? byTradesAlone(input) : alongMarket(input, input.market);
  const meanBlock = optimalBlockLength(returns);
  const steps = Math.max(1, Math.round(input.tradesPerDay * input.horizonDays));
  const checkpoints = checkpointsOf(steps);
  const paths = simulatePaths({
    returns,
    starts,
    regimes,
    meanBlock,
    paths: input.paths,
    steps,
    stepsPerDay: Math.max(1, Math.round(input.tradesPerDay)),
    from: { peak: input.peak, dayStart: input.dayStart },
    checkpoints,
    seed: input.seed,
  });
  const breach = { drawdown: 0, dailyLoss: 0, either: 0 };
  for (const [path, fall] of paths.drawdown.entries()) {
    const isDeep = limits.drawdownMax <= fall;
    const isBadDay = limits.dailyLossMax <= (paths.dailyLoss[path] ?? 0);
    breach.drawdown += isDeep ? 1 : 0;
    breach.dailyLoss += isBadDay ? 1 : 0;
    breach.either += isDeep || isBadDay ? 1 : 0;
  }
  breach.drawdown /= input.paths;
  breach.dailyLoss /= input.paths;
  breach.either /= input.paths;
  return {
    verdict: breach.either < WATCH_FROM ? "clear" : breach.either < WARN_FROM ? "watch" : "warn",
    reason: breachWords(breach, input),
    envelope: checkpoints.map((step, index) => ({
      trades: step,
      quantiles: quantilesOf(paths.equity[index] ?? new Float64Array(1)),
    })),
    breach,
    meanBlock,
    conditionedOn,
    trust,
  };
}

function without(reason: string): Forecast {
  const none = { envelope: [], breach: null, meanBlock: null, conditionedOn: null, trust: 0 };
  return { verdict: "unknown", reason, ...none };
}

type Conditions = Pick<Forecast, "conditionedOn" | "trust"> & {
  readonly starts: readonly Int32Array[];
  readonly regimes: RegimePath;
};

function byTradesAlone({ trades, regime }: ForecastInput): Conditions {
  const { starts, conditionedOn } = startsOf(trades, regime);
  return { starts: [starts], regimes: ONE_REGIME, conditionedOn, trust: 1 };
}

/** Regimes in which the book made too few trades draw from all. */
function alongMarket(
  { trades, regime, tradesPerDay }: ForecastInput,
  { path, stepsPerDay }: MarketCourse,
): Conditions {
  const found = MARKET_REGIMES.map((each) => startsOf(trades, each));
  const present = MARKET_REGIMES.findIndex((each) => each === regime);
  const conditionedOn = found[present]?.conditionedOn ?? null;
  return {
    starts: found.map(({ starts }) => starts),
    regimes: {
      path,
      origins: Int32Array.from(path.keys()).filter((at) => path[at] === present),
      // Without a pace one trade is all that is drawn.
      advancePerStep: 0 < tradesPerDay ? stepsPerDay / tradesPerDay : 0,
    },
    conditionedOn,
    trust: conditionedOn === null ? OTHER_MARKETS_TRUST : 1,
  };
}

function startsOf(trades: readonly PastTrade[], regime: string | null) {
  const every = Int32Array.from(trades.keys());
  const alike = every.filter((index) => trades[index]?.regime === regime);
  if (regime === null || alike.length < REGIME_TRADES_MIN) {
    return { starts: every, conditionedOn: null };
  }
  return { starts: alike, conditionedOn: { regime, trades: alike.length } };
}

function checkpointsOf(steps: number): readonly number[] {
  const count = Math.min(CHECKPOINTS, steps);
  return Array.from({ length: count }, (_, index) => Math.round(((index + 1) * steps) / count));
}

function quantilesOf(equity: Float64Array): Readonly<Record<string, number>> {
  const sorted = equity.toSorted();
  return Object.fromEntries(QUANTILES.map((share) => [`q${share}`, quantileOf(sorted, share)]));
}

function breachWords(
  { drawdown, dailyLoss }: { readonly drawdown: number; readonly dailyLoss: number },
  { horizonDays, limits }: ForecastInput,
): string {
  return (
    `within ${horizonDays === 1 ? "a day" : `${horizonDays} days`} ${percent(drawdown)} of the paths fall ${percent(limits.drawdownMax)} ` +
    `below their peak, and ${percent(dailyLoss)} lose ${percent(limits.dailyLossMax)} in a day`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
