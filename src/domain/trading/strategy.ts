/**
 * What a strategy is: one file that looks at bounded views and says where to enter. Everything else
 * (sizes, gates, limits, orders, exits, marks) is the core's.
 *
 * Invariant: a view ends at the present scan. There is no way to ask it for a later one.
 */
import type { Direction, ExitPlan } from "./orders.ts";

/** What a strategy may see at a scan. Assets are columns, 0 to `assetCount - 1`, of the present universe. */
export type MarketView = {
  readonly assetCount: number;
  /** In-order scans seen so far, the present one included. */
  readonly scanCount: number;
  readonly nowMs: number;
  /** The largest eigenvalue, NaN where the scan has none. */
  readonly largestEigenvalue: number;
  /** The price now; NaN if the asset has none. */
  at(asset: number): number;
  /** The price `scans` scans ago; NaN before the asset's window is filled that far. */
  before(asset: number, scans: number): number;
  nameOf(asset: number): string;
  /** The number at this place of the strategy's `carried` names; NaN where the scan carries none. */
  carried(place: number): number;
  /** The last reading of an indicator; NaN if there never was one. */
  feature(name: string): number;
};

/** What a strategy may see of the position whose exit it is asked about. */
export type PositionView = {
  /** Column in the present universe. */
  readonly asset: number;
  readonly direction: Direction;
  readonly entryPrice: number;
  readonly heldScans: number;
};

export type EntrySignal = {
  readonly asset: number;
  readonly direction: Direction;
  /** Share of the cash to put in, before posture sizes it down. */
  readonly share: number;
  /** What made it a signal, for the record. */
  readonly strength: number;
  readonly plan: ExitPlan;
};

/** Inputs that a strategy declares are those whose age can stop its entries: these two, and features by name. */
export type StrategyInput = "scan" | "posture" | (string & {});

/** Numbers, flags, texts, arrays of them: what a snapshot can hold exactly. */
export type Memorable =
  | number
  | boolean
  | string
  | null
  | Float64Array
  | readonly Memorable[]
  | { readonly [key: string]: Memorable };

export type ParameterValue = number | boolean | string;
export type Parameters = { readonly [name: string]: ParameterValue };

/**
 * Everything that a strategy remembers from scan to scan must lie in the memory it made with
 * `remember`: a snapshot keeps that and nothing else.
 */
export type Strategy<P extends Parameters, M extends object> = {
  readonly name: string;
  /** Rises when the same parameters would decide differently. */
  readonly version: number;
  readonly inputs: readonly StrategyInput[];
  /** Names of the features that must travel with the scan. */
  readonly carried: readonly string[];
  readonly defaults: P;
  /** Named sets of differences from the defaults. */
  readonly presets: Readonly<Record<string, Partial<P>>>;
  /** How far `before` may look back. */
  readonly lookBackScans: (parameters: P) => number;
  /** No `decide` while this many positions are open or on their way. */
  readonly positionsMax: (parameters: P) => number;
  readonly remember: (parameters: P) => M;
  /** Told of every scan in order, fresh or stale. */
  readonly observe: (memory: M, view: MarketView, parameters: P) => void;
  /** Whether every window is full. */
  readonly isWarm: (memory: M, parameters: P) => boolean;
  /** Asked at fresh scans, after `observe`, when warm; null for no signal. */
  readonly decide: (memory: M, view: MarketView, parameters: P) => EntrySignal | null;
  /** Asked at fresh scans for each open position, after the exit plan; leave out for none. */
  readonly shouldExit?: (
    memory: M,
    view: MarketView,
    scene: { readonly position: PositionView; readonly parameters: P },
  ) => boolean;
  /** Numbers for people: shown in the published state. */
  readonly readings: (memory: M, parameters: P) => Readonly<Record<string, number | boolean>>;
};

/** A strategy with its parameters and memory, its types closed over: what the core holds. */
export type RunningStrategy = {
  readonly name: string;
  readonly version: number;
  readonly parameters: Parameters;
  readonly inputs: readonly StrategyInput[];
  readonly carried: readonly string[];
  readonly lookBackScans: number;
  readonly positionsMax: number;
  readonly memory: () => object;
  readonly observe: (view: MarketView) => void;
  readonly isWarm: () => boolean;
  readonly decide: (view: MarketView) => EntrySignal | null;
  readonly shouldExit: ((view: MarketView, position: PositionView) => boolean) | null;
  readonly readings: () => Readonly<Record<string, number | boolean>>;
};

/** What a configuration names: `start` begins with an empty memory each time. */
export type StrategyChoice = {
  readonly name: string;
  /** Of the user's own file that it was loaded from; a built-in one is of the code's own hash. */
  readonly fileHash?: string;
  readonly start: (overrides: Parameters) => RunningStrategy;
};

/**
 * Closes over a strategy's own types, so that strategies of all kinds fit one configuration.
 * @throws {Error} that names the parts that are missing: a file may never have met a type checker.
 */
export function defineStrategy<P extends Parameters, M extends object>(
  strategy: Strategy<P, M>,
): StrategyChoice {
  const missing = PARTS.filter(([part, type]) => typeof strategy[part] !== type);
  if (missing.length > 0) {
    const parts = missing.map(([part, type]) => `'${part}' (${type})`).join(", ");
    throw new Error(`strategy ${strategy.name} lacks ${parts}`);
  }
  return {
    name: strategy.name,
    start: (overrides) => startStrategy(strategy, parametersOf(strategy, overrides)),
  };
}

const PARTS = [
  ["name", "string"],
  ["version", "number"],
  ["inputs", "object"],
  ["carried", "object"],
  ["defaults", "object"],
  ["presets", "object"],
  ["lookBackScans", "function"],
  ["positionsMax", "function"],
  ["remember", "function"],
  ["observe", "function"],
  ["isWarm", "function"],
  ["decide", "function"],
  ["readings", "function"],
] as const;

function startStrategy<P extends Parameters, M extends object>(
  strategy: Strategy<P, M>,
  parameters: P,
): RunningStrategy {
  const memory = strategy.remember(parameters);
  const { observe, isWarm, decide, shouldExit, readings } = strategy;
  return {
    name: strategy.name,
    version: strategy.version,
    parameters,
    inputs: strategy.inputs,
    carried: strategy.carried,
    lookBackScans: strategy.lookBackScans(parameters),
    positionsMax: strategy.positionsMax(parameters),
    memory: () => memory,
    observe: (view) => observe(memory, view, parameters),
    isWarm: () => isWarm(memory, parameters),
    decide: (view) => decide(memory, view, parameters),
    shouldExit:
      shouldExit === undefined
        ? null
        : (view, position) => shouldExit(memory, view, { position, parameters }),
    readings: () => readings(memory, parameters),
  };
}

/** The defaults, then the preset that `preset` names, then the rest; refuses what the strategy does not know. */
function parametersOf<P extends Parameters, M extends object>(
  strategy: Strategy<P, M>,
  overrides: Parameters,
): P {
  const { preset, ...rest } = overrides;
  const chosen = preset === undefined ? {} : strategy.presets[String(preset)];
  if (chosen === undefined) {
    throw new Error(
      `strategy ${strategy.name} has no preset '${String(preset)}': it has ${Object.keys(strategy.presets).join(", ")}`,
    );
  }
  for (const [name, value] of Object.entries(rest)) {
    const known = strategy.defaults[name];
    if (typeof known !== typeof value) {
      throw new Error(
        known === undefined
          ? `strategy ${strategy.name} has no parameter '${name}': it has ${Object.keys(strategy.defaults).join(", ")}`
          : `parameter ${name} of strategy ${strategy.name} is a ${typeof known}, was '${String(value)}'`,
      );
    }
  }
  return { ...strategy.defaults, ...chosen, ...rest };
}
