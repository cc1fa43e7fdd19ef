/**
 * Makes one forecast of a book from its trades and the archive's market; the outcomes of earlier forecasts say how
 * reliable it is.
 */
import { createHash } from "node:crypto";
import { calibrationOf } from "../../domain/forewarn/calibration.ts";
import {
  forecast,
  FOREWARN_VERSION,
  type ForecastInput,
  TRADES_MIN,
} from "../../domain/forewarn/forecast.ts";
import {
  type MarketFound,
  marketStepMs,
  regimeAt,
  regimePath,
} from "../../domain/forewarn/market.ts";
import { marketWords } from "../../domain/forewarn/market-words.ts";
import { outcomesOf } from "../../domain/forewarn/outcomes.ts";
import { quantileOf } from "../../domain/statistics/daily-ratios.ts";
import { isoFromMs, MS_PER_DAY, MS_PER_SECOND } from "../../domain/time.ts";
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { type MarketAnswer, unreadMarket } from "../../wire/forewarn/market-answer.ts";
import { askMarket } from "./ask-market.ts";
import { type Forewarning, readForewarnings, storeForewarning } from "./forewarn-file.ts";
import { type BookPast, readBookPast } from "./past-trades.ts";

export type ForewarnOptions = {
  readonly dataDir: string;
  /** Null: the forecast is by the trades alone. */
  readonly archive: string | null;
  readonly book: string;
  /** Null: nothing was projected yet. */
  readonly projection: string | null;
  readonly limits: { readonly dailyLossMax: number; readonly drawdownMax: number };
  readonly nowMs: number;
  readonly horizonDays: number;
  readonly paths: number;
  readonly seed: number;
};

/** `isNewest`: false if a newer one was stored meanwhile, which the watchdog goes on reading. */
export type StoredForecast = { readonly record: ForewarnRecord; readonly isNewest: boolean };

const NOTHING: BookPast = {
  trades: [],
  tradesPerDay: 0,
  regime: null,
  capital: 0,
  peak: 0,
  dayStart: 0,
};
/** Those traded most; a universe may have thousands. */
const ASSETS_MAX = 50;
const READ_WITHIN_MS = 60 * MS_PER_SECOND;
const KILL_AFTER_MS = READ_WITHIN_MS + 15 * MS_PER_SECOND;

/** Makes a forecast and stores it, for the watchdog and for the judgement of later ones. */
export async function runForewarn(
  options: ForewarnOptions,
  clockMs: () => number,
): Promise<StoredForecast> {
  const made = await makeForewarning(options);
  return { record: made.record, isNewest: storeForewarning(options.dataDir, made, clockMs()) };
}

/** Stores nothing. */
export async function makeForewarning(options: ForewarnOptions): Promise<Forewarning> {
  const { nowMs, horizonDays, paths, seed, book, projection } = options;
  const past = (projection === null ? null : readBookPast(projection, nowMs)) ?? NOTHING;
  const answer = await marketOf(past, options);
  const { found } = answer;
  const peak = multipleOf(past.peak, past.capital);
  const forecasted = forecast({
    ...inMarket(past, found),
    tradesPerDay: past.tradesPerDay,
    horizonDays,
    peak,
    dayStart: multipleOf(past.dayStart, past.capital),
    limits: options.limits,
    paths,
    seed,
  });
  const earlier = readForewarnings(options.dataDir, book).map(asPastForecast);
  const outcomes = outcomesOf(earlier, past.trades, nowMs);
  const { weight, ...calibration } = calibrationOf(outcomes);
  const isJudged = forecasted.verdict !== "unknown";
  const record: ForewarnRecord = {
    version: FOREWARN_VERSION,
    book,
    as_of: isoFromMs(nowMs),
    horizon_end: isoFromMs(nowMs + horizonDays * MS_PER_DAY),
    seed,
    data_hash: hashOf(past, answer.hash),
    paths,
    verdict: forecasted.verdict,
    reason: isJudged
      ? `${forecasted.reason}; ${marketWords(found, forecasted, past.trades.length)}`
      : forecasted.reason,
    weight: weight * forecasted.trust,
    breach: forecasted.breach,
    trades: past.trades.length,
    trades_per_day: past.tradesPerDay,
    market: {
      regime: found.kind === "known" ? found.market.present : null,
      days: answer.days,
      step_s: found.kind === "known" ? found.market.stepMs / MS_PER_SECOND : null,
    },
    drawdown_limit_at: isJudged ? peak * (1 - options.limits.drawdownMax) : null,
    capital: past.capital,
    mean_block: forecasted.meanBlock,
    conditioned_on: forecasted.conditionedOn,
    envelope: [...forecasted.envelope],
    calibration,
  };
  return { record, outcomes };
}

/** The archive is not read where nothing can be forecast anyway. */
async function marketOf(
  { trades }: BookPast,
  { archive, nowMs }: ForewarnOptions,
): Promise<MarketAnswer> {
  if (archive === null) return unreadMarket("no archive is given");
  if (trades.length < TRADES_MIN) return unreadMarket("there are too few trades");
  const heldMs = Float64Array.from(trades, (trade) => trade.exitedAtMs - trade.enteredAtMs);
  const stepMs = marketStepMs(quantileOf(heldMs.toSorted(), 0.5));
  const question = { archive, assets: mostTraded(trades), stepMs, nowMs, withinMs: READ_WITHIN_MS };
  return askMarket(question, KILL_AFTER_MS);
}

function mostTraded(trades: BookPast["trades"]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { asset } of trades) counts.set(asset, (counts.get(asset) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, times], [b, others]) => others - times || (a < b ? -1 : 1))
    .slice(0, ASSETS_MAX)
    .map(([asset]) => asset);
}

function inMarket(
  { trades, regime }: BookPast,
  found: MarketFound,
): Pick<ForecastInput, "trades" | "regime" | "market"> {
  if (found.kind === "unknown") return { trades, regime, market: null };
  const { market } = found;
  return {
    trades: trades.map(({ netReturn, enteredAtMs }) => {
      return { netReturn, regime: regimeAt(market, enteredAtMs) ?? "" };
    }),
    regime: market.present,
    market: { path: regimePath(market), stepsPerDay: MS_PER_DAY / market.stepMs },
  };
}

/** Today's loss counts, and a book above its peak is at its peak. */
function multipleOf(amount: number, capital: number): number {
  return 0 < capital ? amount / capital : 1;
}

function asPastForecast({ as_of, horizon_end, envelope, version }: ForewarnRecord) {
  return {
    fromMs: Date.parse(as_of),
    endMs: Date.parse(horizon_end),
    // Forecasts of another version say nothing about this one.
    envelope: version === FOREWARN_VERSION ? envelope : [],
  };
}

/** Over everything that a forecast is made of beside its seed: the book's past, and the samples of the archive. */
function hashOf(past: BookPast, market: string | null): string {
  const { trades, tradesPerDay, regime, capital, peak, dayStart } = past;
  const rows = trades.map((trade) => [trade.netReturn, trade.regime, trade.enteredAtMs]);
  const text = JSON.stringify([rows, tradesPerDay, regime, capital, peak, dayStart, market]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
