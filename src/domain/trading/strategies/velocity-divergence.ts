/**
 * The default strategy. How strongly the market moves as one is the largest eigenvalue over the
 * number of assets; when that share's short velocity falls below its long one the laggard is sold,
 * when it rises above, the leader is bought, provided that the market is lively enough.
 */
import {
  addToRanks,
  addToWindow,
  createRollingRanks,
  createRollingWindow,
  emptyWindow,
  isWindowFull,
  rankedQuantile,
  valueBefore,
  windowDeviation,
  windowRootMeanSquare,
  type RollingRanks,
  type RollingWindow,
} from "../../statistics/rolling.ts";
import type { Direction, ExitPlan } from "../orders.ts";
import { defineStrategy, type EntrySignal, type MarketView } from "../strategy.ts";

/** A type and not an interface, so that it counts as a record of parameters. */
type VelocityParameters = {
  readonly shortWindow: number;
  readonly longWindow: number;
  readonly threshold: number;
  /** The divergence is scaled to this root mean square. */
  readonly scale: number;
  readonly normalizeScans: number;
  /** The writer's correlation matrix is not whole before. */
  readonly droppedScans: number;
  readonly volatilityScans: number;
  readonly volatilityRankScans: number;
  readonly volatilityQuantile: number;
  readonly growthScans: number;
  readonly share: number;
  readonly isLongEnabled: boolean;
  readonly hasAdaptiveExits: boolean;
  readonly takeProfit: number;
  readonly stopLoss: number;
  readonly holdScansMax: number;
  readonly sigmaScans: number;
  readonly takeProfitSigmas: number;
  readonly stopLossSigmas: number;
};

type VelocityMemory = {
  scans: number;
  assetCount: number;
  readonly levels: RollingWindow;
  readonly divergences: RollingWindow;
  readonly returns: RollingWindow;
  readonly volatilities: RollingRanks;
  velocityDivergence: number;
  isLively: boolean;
};

const EXIT_MIN = 0.0025;
const EXIT_MAX = 0.05;
/** Where an asset's expected move over the longest hold counts as normal, and as wild. */
const NORMAL_FROM = 0.0075;
const WILD_FROM = 0.02;

export const velocityDivergence = defineStrategy<VelocityParameters, VelocityMemory>({
  name: "velocity-divergence",
  version: 1,
  inputs: ["scan", "posture"],
  carried: [],
  defaults: {
    shortWindow: 10,
    longWindow: 60,
    threshold: 0.02,
    scale: 0.015,
    normalizeScans: 250,
    droppedScans: 50,
    volatilityScans: 50,
    volatilityRankScans: 250,
    volatilityQuantile: 0.6,
    growthScans: 20,
    share: 0.2,
    isLongEnabled: true,
    hasAdaptiveExits: false,
    takeProfit: 0.0095,
    stopLoss: 0.01,
    holdScansMax: 120,
    sigmaScans: 50,
    takeProfitSigmas: 0.95,
    stopLossSigmas: 1,
  },
  presets: {
    default: {},
    classic: { shortWindow: 50, longWindow: 750 },
    adaptive: { hasAdaptiveExits: true },
  },
  lookBackScans: ({ growthScans, sigmaScans }) => Math.max(growthScans, sigmaScans, 1),
  positionsMax: () => 1,
  remember: (parameters) => ({
    scans: 0,
    assetCount: 0,
    levels: createRollingWindow(parameters.longWindow + 1),
    divergences: createRollingWindow(parameters.normalizeScans),
    returns: createRollingWindow(parameters.volatilityScans),
    volatilities: createRollingRanks(parameters.volatilityRankScans),
    velocityDivergence: 0,
    isLively: false,
  }),
  observe,
  isWarm: (memory) =>
    isWindowFull(memory.levels) &&
    isWindowFull(memory.divergences) &&
    isWindowFull(memory.volatilities.arrived),
  decide,
  readings: (memory) => ({
    last_vel_div: memory.velocityDivergence,
    vol_ok: memory.isLively,
  }),
});

function observe(memory: VelocityMemory, view: MarketView, parameters: VelocityParameters): void {
  memory.scans += 1;
  if (memory.scans <= parameters.droppedScans) return;
  observeLevel(memory, view, parameters);
  observeVolatility(memory, view, parameters);
}

function observeLevel(memory: VelocityMemory, view: MarketView, p: VelocityParameters): void {
  const { levels, divergences } = memory;
  const level = view.largestEigenvalue / view.assetCount;
  // Shares of another number of assets, or none at all, can't be compared with those before.
  if (memory.assetCount !== view.assetCount || Number.isNaN(level)) {
    memory.assetCount = view.assetCount;
    emptyWindow(levels);
    memory.velocityDivergence = 0;
    if (Number.isNaN(level)) return;
  }
  addToWindow(levels, level);
  if (!isWindowFull(levels)) return;
  const short = (level - valueBefore(levels, p.shortWindow)) / p.shortWindow;
  const long = (level - valueBefore(levels, p.longWindow)) / p.longWindow;
  const divergence = short - long;
  // Measured by the scans before this one, so that an outlier does not hide itself.
  const usual = isWindowFull(divergences) ? windowRootMeanSquare(divergences) : 0;
  memory.velocityDivergence = usual > 0 ? (p.scale * divergence) / usual : 0;
  addToWindow(divergences, divergence);
}

function observeVolatility(memory: VelocityMemory, view: MarketView, p: VelocityParameters): void {
  const { returns, volatilities } = memory;
  const mean = meanReturn(view);
  if (Number.isNaN(mean)) return;
  addToWindow(returns, mean);
  if (!isWindowFull(returns)) return;
  const volatility = windowDeviation(returns);
  addToRanks(volatilities, volatility);
  memory.isLively =
    isWindowFull(volatilities.arrived) &&
    rankedQuantile(volatilities, p.volatilityQuantile) < volatility;
}

/** Over the assets that have a price now and had one at the scan before; NaN if none has. */
function meanReturn(view: MarketView): number {
  const count = view.assetCount;
  let sum = 0;
  let present = 0;
  for (let asset = 0; asset < count; asset += 1) {
    const growth = view.at(asset) / view.before(asset, 1);
    if (Number.isNaN(growth)) continue;
    sum += growth;
    present += 1;
  }
  return present === 0 ? Number.NaN : sum / present - 1;
}

function decide(
  memory: VelocityMemory,
  view: MarketView,
  parameters: VelocityParameters,
): EntrySignal | null {
  const { velocityDivergence: strength, isLively } = memory;
  const { threshold, share, isLongEnabled } = parameters;
  if (!isLively) return null;
  const isShort = strength < -threshold;
  if (!isShort && !(isLongEnabled && threshold < strength)) return null;
  const direction: Direction = isShort ? "short" : "long";
  const asset = extremeAsset(view, direction, parameters.growthScans);
  const plan = asset === -1 ? null : planFor(view, asset, parameters);
  return plan === null ? null : { asset, direction, share, strength, plan };
}

/** The laggard for a short, the leader for a long; the lowest column on ties, -1 if none has a window. */
function extremeAsset(view: MarketView, direction: Direction, scans: number): number {
  const sign = direction === "short" ? 1 : -1;
  let chosen = -1;
  let least = Infinity;
  for (let asset = 0; asset < view.assetCount; asset += 1) {
    const growth = (sign * view.at(asset)) / view.before(asset, scans);
    if (growth < least) {
      least = growth;
      chosen = asset;
    }
  }
  return chosen;
}

/** Null while the asset's own window is not full. */
function planFor(view: MarketView, asset: number, p: VelocityParameters): ExitPlan | null {
  const { holdScansMax } = p;
  const move = deviationOf(view, asset, p.sigmaScans) * Math.sqrt(holdScansMax);
  if (Number.isNaN(move)) return null;
  const bucket = move < NORMAL_FROM ? "calm" : move < WILD_FROM ? "normal" : "wild";
  if (!p.hasAdaptiveExits) {
    return { takeProfit: p.takeProfit, stopLoss: p.stopLoss, holdScansMax, bucket };
  }
  return {
    takeProfit: clamp(p.takeProfitSigmas * move),
    stopLoss: clamp(p.stopLossSigmas * move),
    holdScansMax,
    bucket,
  };
}

function clamp(exit: number): number {
  return Math.min(EXIT_MAX, Math.max(EXIT_MIN, exit));
}

/** Of the asset's returns over that many scans. */
function deviationOf(view: MarketView, asset: number, scans: number): number {
  let sum = 0;
  let squares = 0;
  for (let back = 0; back < scans; back += 1) {
    const move = view.before(asset, back) / view.before(asset, back + 1) - 1;
    sum += move;
    squares += move * move;
  }
  const mean = sum / scans;
  return Math.sqrt(Math.max(0, squares / scans - mean * mean));
}
