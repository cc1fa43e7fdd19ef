/**
 * A factor model of prices: each asset moves with the market, with its sector and by itself.
 * A Markov chain of regimes sets how much moves and how much moves together; within a regime
 * volatility clusters, because each source of movement remembers its last shocks (GARCH(1,1)).
 */
import { assert } from "../assert.ts";
import type { Random } from "./random.ts";

export type SimulatedMarket = {
  readonly assets: readonly string[];
  /** Present prices in the order of assets; `stepMarket` overwrites them. */
  readonly prices: Float64Array;
  readonly traits: readonly AssetTraits[];
  readonly random: Random;
  /** Log of price over start price. */
  readonly drift: Float64Array;
  /** Variance of each source of movement (market, sectors, assets) relative to its long-run mean. */
  readonly variance: Float64Array;
  regime: Regime;
};

type AssetTraits = {
  readonly sector: number;
  /** Standard deviation of one step's log return in the normal regime. */
  readonly volatility: number;
  readonly marketBeta: number;
  readonly startPrice: number;
  /** Prices are quoted in whole ticks of 10^-decimals, as on an exchange. */
  readonly ticksPerUnit: number;
};

type Regime = keyof typeof REGIMES;

/** Shares of an asset's variance; the rest after market and sector is the asset's own. */
const REGIMES = {
  calm: { volatility: 0.6, marketShare: 0.2, sectorShare: 0.2, steps: 400 },
  normal: { volatility: 1, marketShare: 0.4, sectorShare: 0.2, steps: 200 },
  wild: { volatility: 2.2, marketShare: 0.75, sectorShare: 0.1, steps: 80 },
} as const;
/** The two regimes that may follow, and the probability of the first. */
const NEXT_REGIMES = {
  calm: { first: "normal", chance: 0.9, otherwise: "wild" },
  normal: { first: "calm", chance: 0.6, otherwise: "wild" },
  wild: { first: "normal", chance: 0.8, otherwise: "calm" },
} as const satisfies Record<Regime, { first: Regime; chance: number; otherwise: Regime }>;

const SECTORS = 5;
const SHOCK_WEIGHT = 0.08;
const MEMORY_WEIGHT = 0.9;
/** Mean reversion to the start price, so that prices stay plausible in a run of weeks. */
const REVERSION = 2e-5;
const SIGNIFICANT_DIGITS = 6;
const TICKERS =
  "BTC ETH BNB SOL XRP ADA DOGE AVAX TRX LINK DOT MATIC LTC BCH ATOM UNI XLM ETC XMR FIL HBAR APT ARB VET NEAR OP INJ GRT AAVE ALGO EOS SAND MANA AXS THETA XTZ FTM EGLD FLOW CHZ KAVA ZEC DASH NEO IOTA COMP SNX CRV ENJ BAT".split(
    " ",
  );

/** A market at its start prices, in the normal regime. */
export function createMarket(assetCount: number, random: Random): SimulatedMarket {
  assert(assetCount >= 2, "a market has at least two assets");
  const assets = Array.from({ length: assetCount }, (_, asset) => assetName(asset));
  const traits = assets.map((_, asset) => drawTraits(asset, random));
  return {
    assets,
    traits,
    random,
    prices: Float64Array.from(traits, (trait) => quote(trait, 0)),
    drift: new Float64Array(assetCount),
    variance: new Float64Array(1 + SECTORS + assetCount).fill(1),
    regime: "normal",
  };
}

/** Moves every price one step. */
export function stepMarket(market: SimulatedMarket): void {
  const { random, drift, prices, traits } = market;
  market.regime = nextRegime(market.regime, random);
  const regime = REGIMES[market.regime];
  const ownShare = 1 - regime.marketShare - regime.sectorShare;
  const marketMove = Math.sqrt(regime.marketShare) * shock(market, 0);
  const sectorMoves = Array.from(
    { length: SECTORS },
    (_, sector) => Math.sqrt(regime.sectorShare) * shock(market, 1 + sector),
  );
  traits.forEach((trait, asset) => {
    const own = Math.sqrt(ownShare) * shock(market, 1 + SECTORS + asset);
    const move = trait.marketBeta * marketMove + sectorMoves[trait.sector]! + own;
    drift[asset] = drift[asset]! * (1 - REVERSION) + trait.volatility * regime.volatility * move;
    prices[asset] = quote(trait, drift[asset]);
  });
}

function nextRegime(regime: Regime, random: Random): Regime {
  if (random.uniform() >= 1 / REGIMES[regime].steps) return regime;
  const next = NEXT_REGIMES[regime];
  return random.uniform() < next.chance ? next.first : next.otherwise;
}

/** Draws the shock of one source and updates its variance. */
function shock(market: SimulatedMarket, source: number): number {
  const variance = market.variance[source]!;
  const drawn = Math.sqrt(variance) * market.random.normal();
  market.variance[source] =
    1 - SHOCK_WEIGHT - MEMORY_WEIGHT + SHOCK_WEIGHT * drawn * drawn + MEMORY_WEIGHT * variance;
  return drawn;
}

function drawTraits(asset: number, random: Random): AssetTraits {
  // The first ticker is the most expensive; the 400th costs about a tenth of the quote currency.
  const startPrice = (60_000 * (0.5 + random.uniform())) / (asset + 1) ** 2.2;
  return {
    sector: asset % SECTORS,
    volatility: (4 + 10 * random.uniform()) / 10_000,
    marketBeta: 0.6 + 0.8 * random.uniform(),
    startPrice,
    ticksPerUnit: 10 ** (SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(startPrice))),
  };
}

function quote(trait: AssetTraits, drift: number): number {
  const ticks = Math.round(trait.startPrice * Math.exp(drift) * trait.ticksPerUnit);
  return Math.max(1, ticks) / trait.ticksPerUnit;
}

function assetName(asset: number): string {
  return `${TICKERS[asset] ?? `SIM${String(asset + 1).padStart(3, "0")}`}USDT`;
}
