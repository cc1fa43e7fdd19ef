/** What shapes a book, from the configuration: its trader, its paper broker, and the hash of both. */
import { createHash } from "node:crypto";
import type { FillConvention, PaperSettings } from "../../domain/trading/broker/paper-broker.ts";
import type { Instrument, TraderConfiguration } from "../../domain/trading/configuration.ts";
import { builtInStrategy } from "../../domain/trading/strategies/built-in.ts";
import type { StrategyChoice } from "../../domain/trading/strategy.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { Configuration } from "../configuration.ts";

export type BookConfiguration = {
  readonly trader: TraderConfiguration;
  readonly paper: PaperSettings;
  /** Of everything that decides what the same events come to, but for the code. */
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
    limits: {
      positionNotionalMax: settings.limits.position_notional_max ?? settings.capital,
      grossNotionalMax: settings.limits.gross_notional_max ?? settings.capital,
      positionsMax: settings.limits.positions_max,
      entriesPerMinuteMax: settings.limits.entries_per_minute_max,
      dailyLossMax: settings.limits.daily_loss_max,
      drawdownMax: settings.limits.drawdown_max,
    },
    ageBudgetsMs: mapValues(settings.age_budgets_s, (budgetS) => budgetS * MS_PER_SECOND),
    configuredPosture: null,
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
    // The hash of a book without a file of its own is as if there were none.
    strategy: { name, version, parameters, fileHash },
    parameters: null,
    paper,
  };
  return { trader, paper, hash: hashOfText(JSON.stringify(described)) };
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
