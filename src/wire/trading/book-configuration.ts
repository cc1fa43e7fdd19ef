/** Builds a book's parts from the configuration: its trader, its paper broker, and the hash of both. */
import { createHash } from "node:crypto";
import type { FillConvention, PaperSettings } from "../../domain/trading/broker/paper-broker.ts";
import type { Instrument } from "../../domain/trading/market/instrument.ts";
import type { TraderConfiguration } from "../../domain/trading/configuration.ts";
import { builtInStrategy } from "../../domain/trading/strategies/built-in.ts";
import type { StrategyChoice } from "../../domain/trading/strategy.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { Configuration } from "../configuration.ts";
import { feedOf } from "../feeds/feeds.ts";
import { riskLimitsOf } from "./book-limits.ts";

export type BookConfiguration = {
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  /** A hash over everything but the code that determines the outcome of the same events. */
  readonly hash: string;
};

/** The strategy that a configuration names. @throws {Error} that says why there is none. */
export type StrategyOf = (named: string) => StrategyChoice;

/** @throws {Error} that names the key, the parameter or the input. */
export function bookConfiguration(
  book: string,
  settings: Configuration["trader"],
  strategyOf: StrategyOf = builtInStrategy,
): BookConfiguration {
  const strategy = strategyOf(settings.strategy);
  const running = strategy.start(settings.parameters);
  const trader: TraderConfiguration = {
    book,
    capital: settings.capital,
    strategy,
    parameters: settings.parameters,
    slippageBps: settings.slippage_bps,
    instruments: mapValues(settings.instruments, instrumentOf),
    limits: riskLimitsOf(settings.limits, settings.capital),
    ageBudgetsMs: mapValues(
      ageBudgetsOf(settings, running.inputs),
      (budgetS) => budgetS * MS_PER_SECOND,
    ),
    configuredPosture: null,
    ...delistingOf(settings),
    ...marginOf(settings),
    ...(settings.scan_offset_max_s === null
      ? {}
      : { scanOffsetMaxMs: settings.scan_offset_max_s * MS_PER_SECOND }),
  };
  const paper: PaperSettings = {
    convention: conventionOf(settings),
    feeBps: settings.fee_bps,
    slippageBps: settings.slippage_bps,
    seed: settings.seed,
    partialShare: settings.partial_share,
    rejectShare: settings.reject_share,
  };
  const { name, version, parameters } = running;
  const { fileHash } = strategy;
  const described = {
    ...trader,
    // A book without a strategy file has the same hash as before there were such files.
    strategy: { name, version, parameters, fileHash },
    parameters: null,
    paper,
  };
  return { trader, paper, hash: hashOfText(JSON.stringify(described)) };
}

/** The configuration takes precedence over the row of an input's feed. */
function ageBudgetsOf(
  { age_budgets_s }: Configuration["trader"],
  inputs: readonly string[],
): Configuration["trader"]["age_budgets_s"] {
  const ofFeeds = inputs.flatMap((input) => {
    const feed = feedOf(input);
    return feed === null ? [] : [[input, feed.budgetMs / MS_PER_SECOND] as const];
  });
  return { ...Object.fromEntries(ofFeeds), ...age_budgets_s };
}

/** The budgets as recorded: a later release may change the feeds' rows, but not this configuration. */
export function settingsToRecord(
  settings: Configuration["trader"],
  { trader }: BookConfiguration,
): Configuration["trader"] {
  const { inputs } = trader.strategy.start(trader.parameters);
  return { ...settings, age_budgets_s: ageBudgetsOf(settings, inputs) };
}

/**
 * Absent, and so not part of the hash, where nothing is written off: books of older releases have no such key.
 */
export function delistingOf({
  delisted_after_s,
  delisted_at,
}: Configuration["trader"]): Pick<TraderConfiguration, "delisting"> {
  if (delisted_after_s === null) return {};
  return { delisting: { afterMs: delisted_after_s * MS_PER_SECOND, share: delisted_at } };
}

/** Absent where it is null, as above. */
export function marginOf({
  margin,
  instruments,
}: Configuration["trader"]): Pick<TraderConfiguration, "margin"> {
  if (margin === null) return {};
  const terms = {
    leverage: margin.leverage,
    maintenanceRate: margin.maintenance_margin_rate,
    liquidationFeeRate: margin.liquidation_fee_rate,
    borrowRate: margin.borrow_rate_per_year,
  };
  const byAsset = mapValues(instruments, (one) => ({
    ...terms,
    leverage: one.leverage ?? terms.leverage,
    maintenanceRate: one.maintenance_margin_rate ?? terms.maintenanceRate,
    borrowRate: one.borrow_rate_per_year ?? terms.borrowRate,
  }));
  // An instrument without this key must not change the hash.
  const others = Object.entries(byAsset).filter(
    ([, one]) => JSON.stringify(one) !== JSON.stringify(terms),
  );
  return { margin: { mode: margin.mode, terms, byAsset: Object.fromEntries(others) } };
}

function conventionOf({ fill, fill_latency_ms }: Configuration["trader"]): FillConvention {
  return fill === "latency" ? { kind: fill, latencyMs: fill_latency_ms } : { kind: fill };
}

function instrumentOf(instrument: Configuration["trader"]["instruments"][string]): Instrument {
  return {
    quoteCurrency: instrument.quote_currency,
    tick: instrument.tick,
    lot: instrument.lot,
    minimumNotional: instrument.minimum_notional,
  };
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, change: (value: T) => U) {
  return Object.fromEntries(
    Object.entries(of)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => [key, change(value)] as const),
  );
}

function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
