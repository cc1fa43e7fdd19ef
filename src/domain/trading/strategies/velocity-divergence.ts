/**
 * The default strategy. The largest eigenvalue divided by the number of assets measures how strongly the market moves
 * as one. When the short-term velocity of that share falls below its long-term velocity, the weakest asset is sold;
 * when it rises above, the strongest is bought, provided that the market is volatile enough.
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
import {
  defineStrategy,
  type EntrySignal,
  type MarketView,
  type StrategyCheck,
} from "../strategy.ts";

/** A type and not an interface, so that it is assignable to a record of parameters. */
type VelocityParameters = {
  readonly shortWindow: number;
  readonly longWindow: number;
  readonly threshold: number;
  /** The divergence is scaled to this root mean square. */
  readonly scale: number;
  readonly normalizeScans: number;
  /** The writer's correlation matrix is incomplete before this many scans. */
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
  /** Since the writer's restart, or since the first one seen. */
  scans: number;
  lastScanNumber: number;
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
/** Thresholds of an asset's expected move over the longest hold: normal and wild. */
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
    lastScanNumber: 0,
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
  explain,
});

function observe(memory: VelocityMemory, view: MarketView, parameters: VelocityParameters): void {
  noteRestart(memory, view.scanNumber, parameters.droppedScans);
  memory.scans += 1;
  if (memory.scans <= parameters.droppedScans) return;
  observeLevel(memory, view, parameters);
  observeVolatility(memory, view, parameters);
}

/** The first scans after a writer's restart come from incomplete windows: their eigenvalues are not comparable. */
function noteRestart(memory: VelocityMemory, scanNumber: number, droppedScans: number): void {
  const hasFallen = scanNumber < memory.lastScanNumber;
  memory.lastScanNumber = scanNumber;
  // A number that falls but is not low is a scan out of order.
  if (!hasFallen || droppedScans < scanNumber) return;
  memory.scans = Math.min(memory.scans, scanNumber - 1);
  emptyWindow(memory.levels);
  memory.velocityDivergence = 0;
  memory.isLively = false;
}

function observeLevel(memory: VelocityMemory, view: MarketView, p: VelocityParameters): void {
  const { levels, divergences } = memory;
  const level = view.largestEigenvalue / view.assetCount;
  // Shares for another number of assets, or missing ones, can't be compared with earlier ones.
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
  // Measured over the scans before this one, so that an outlier does not hide itself.
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

/** Over the assets that have a price now and had one at the previous scan; NaN if none has. */
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
  if (!memory.isLively) return null;
  const direction = directionOf(memory, parameters);
  if (direction === null) return null;
  const asset = extremeAsset(view, direction, parameters.growthScans);
  const plan = asset === -1 ? null : planFor(view, asset, parameters);
  const { share } = parameters;
  return plan === null
    ? null
    : { column: asset, direction, share, strength: memory.velocityDivergence, plan };
}

/** Null where the divergence is within the threshold, or above it and buying is disabled. */
function directionOf(
  { velocityDivergence: strength }: VelocityMemory,
  { threshold, isLongEnabled }: VelocityParameters,
): Direction | null {
  if (strength < -threshold) return "short";
  return isLongEnabled && threshold < strength ? "long" : null;
}

/**
 * The weakest asset for a short, the strongest for a long; the lowest column on ties, -1 if none has a full window.
 */
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

/** Standard deviation of the asset's returns over this many scans. */
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

function explain(
  memory: VelocityMemory,
  view: MarketView,
  p: VelocityParameters,
): readonly StrategyCheck[] {
  return [
    windowCheck("levels", memory.levels, droppedOf(memory, p)),
    windowCheck("divergences", memory.divergences, ""),
    windowCheck("volatilities", memory.volatilities.arrived, ""),
    livelyCheck(memory, p),
    thresholdCheck(memory, p),
    ...assetChecks(memory, view, p),
  ];
}

function windowCheck(name: string, window: RollingWindow, more: string): StrategyCheck {
  const { count, values } = window;
  const says = `${name}: ${count} of ${values.length} scans${more}`;
  const passes = isWindowFull(window);
  return { name: `window ${name}`, of: "warm", passes, value: count, bound: values.length, says };
}

function droppedOf({ scans }: VelocityMemory, { droppedScans }: VelocityParameters): string {
  return scans < droppedScans ? `; ${scans} of the writer's first ${droppedScans} are dropped` : "";
}

function livelyCheck(memory: VelocityMemory, p: VelocityParameters): StrategyCheck {
  const { returns, volatilities, isLively: passes } = memory;
  const value = windowDeviation(returns);
  const isRanked = 0 < volatilities.arrived.count;
  const bound = isRanked ? rankedQuantile(volatilities, p.volatilityQuantile) : Number.NaN;
  const quantile = `the ${Math.round(100 * p.volatilityQuantile)} % quantile`;
  const figures = `volatility ${digits(value)}, must be above ${quantile} ${digits(bound)}`;
  // After the writer's restart, or when no asset has had a price twice, there is no measurement.
  const isMeasured = passes === bound < value;
  const says = isMeasured
    ? figures
    : `${figures}; not measured since the writer of scans began anew`;
  return { name: "vol_ok", of: "signal", passes, value, bound, says };
}

function thresholdCheck(memory: VelocityMemory, p: VelocityParameters): StrategyCheck {
  const { velocityDivergence: value } = memory;
  const { threshold, isLongEnabled } = p;
  const passes = directionOf(memory, p) !== null;
  const isAbove = isLongEnabled && 0 < value;
  const bound = isAbove ? threshold : -threshold;
  const wanted = isLongEnabled
    ? `below ${-threshold} or above ${threshold}`
    : `below ${-threshold}`;
  const distance = passes ? "" : `: ${digits(Math.abs(bound - value))} short of ${bound}`;
  const says = `vel_div ${digits(value)}, must be ${wanted}${distance}`;
  return { name: "threshold", of: "signal", passes, value, bound, says };
}

/** The checks of the asset that would be taken; empty while there is no direction. */
function assetChecks(
  memory: VelocityMemory,
  view: MarketView,
  p: VelocityParameters,
): readonly StrategyCheck[] {
  const direction = directionOf(memory, p);
  if (direction === null) return [];
  const asset = extremeAsset(view, direction, p.growthScans);
  const filled = asset === -1 ? 0 : pricesOf(view, asset, p.sigmaScans + 1);
  const passes = asset !== -1 && planFor(view, asset, p) !== null;
  const says =
    asset === -1
      ? `no asset has had a price for ${p.growthScans} scans`
      : `${direction} ${view.nameOf(asset)}: a price at ${filled} of the last ${p.sigmaScans + 1} scans`;
  return [{ name: "asset", of: "signal", passes, value: filled, bound: p.sigmaScans + 1, says }];
}

function pricesOf(view: MarketView, asset: number, scans: number): number {
  let count = 0;
  while (count < scans && view.before(asset, count) > 0) count += 1;
  return count;
}

function digits(value: number): string {
  return Number.isNaN(value) ? "not known yet" : String(Number(value.toPrecision(4)));
}
