/** The outcomes of earlier forecasts: whether the book's equity left the forecast envelope. */
import type { ForecastOutcome } from "./calibration.ts";
import type { EnvelopePoint, PastTrade } from "./forecast.ts";

export type PastForecast = {
  readonly fromMs: number;
  readonly endMs: number;
  /** Empty where nothing was forecast. */
  readonly envelope: readonly EnvelopePoint[];
};

/** The outcome of a forecast; `end`, `low` and `high` are multiples of the equity at its begin. */
export type DatedOutcome = ForecastOutcome & {
  readonly fromMs: number;
  readonly endMs: number;
  readonly end: number;
  readonly low: number;
  readonly high: number;
};

/** Nine of ten paths end between these two quantiles. */
const LOW = "q0.05";
const HIGH = "q0.95";
const LEAVES = 0.1;

/**
 * One outcome for each forecast whose time is over and in which there were trades; of overlapping forecasts only the
 * first counts, as they cover the same trades. @param forecasts in order of time @param trades in the order of their ends
 */
export function outcomesOf(
  forecasts: readonly PastForecast[],
  trades: readonly (PastTrade & { readonly exitedAtMs: number })[],
  nowMs: number,
): readonly DatedOutcome[] {
  const outcomes: DatedOutcome[] = [];
  const knownFromMs = trades[0]?.exitedAtMs ?? Infinity;
  let freeFromMs = -Infinity;
  for (const { fromMs, endMs, envelope } of forecasts) {
    const isJudged = fromMs < endMs && endMs <= nowMs && knownFromMs <= fromMs;
    if (!isJudged || fromMs < freeFromMs || envelope.length === 0) continue;
    freeFromMs = endMs;
    const within = trades.filter((each) => fromMs < each.exitedAtMs && each.exitedAtMs <= endMs);
    const point = nearest(envelope, within.length);
    if (within.length === 0 || point === null) continue;
    const end = within
      .slice(0, point.trades)
      .reduce((value, { netReturn }) => value * (1 + netReturn), 1);
    const low = point.quantiles[LOW] ?? 0;
    const high = point.quantiles[HIGH] ?? Infinity;
    const came = end < low || high < end;
    outcomes.push({ probability: LEAVES, came, fromMs, endMs, end, low, high });
  }
  return outcomes;
}

/** The last envelope point that the book reached; null where it made fewer trades than the first point. */
function nearest(envelope: readonly EnvelopePoint[], trades: number): EnvelopePoint | null {
  return envelope.findLast((point) => point.trades <= trades) ?? null;
}
