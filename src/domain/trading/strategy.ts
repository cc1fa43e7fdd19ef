/**
 * The interface of a strategy: one file that looks at bounded views and says where to enter. Everything else (sizes,
 * gates, limits, orders, exits, marks) is the core's. Invariant: a view ends at the present scan, and a later one
 * cannot be requested.
 */
import type {
  EntrySignal,
  FormerSignal,
  Parameters,
  StrategyCheck,
} from "./strategies/strategy-values.ts";
import type { BookView } from "./market/asset-book.ts";
import type { Direction } from "./orders.ts";
import type { MemorableRecord } from "./snapshot/memory.ts";
import {
  checkMemory,
  checkParameters,
  checksFrom,
  countFrom,
  flagFrom,
  readingsFrom,
  signalFrom,
  strategyLabel,
} from "./strategies/strategy-answers.ts";

export type { BookView } from "./market/asset-book.ts";
export type {
  EntrySignal,
  Parameters,
  ParameterValue,
  StrategyCheck,
} from "./strategies/strategy-values.ts";

/** What a strategy may see at a scan. Assets are columns, 0 to `assetCount - 1`, of the present universe. */
export type MarketView = {
  readonly assetCount: number;
  /** In-order scans so far, the present one included. */
  readonly scanCount: number;
  readonly nowMs: number;
  /** The writer's number of the scan; it restarts with the writer. */
  readonly scanNumber: number;
  /** The largest eigenvalue, NaN where the scan has none. */
  readonly largestEigenvalue: number;
  /** The price now; NaN if the asset has none. */
  at(asset: number): number;
  /** The price `scans` scans ago; NaN before the asset's window is filled that far. */
  before(asset: number, scans: number): number;
  nameOf(asset: number): string;
  /** The value at this index of the strategy's `carried` names; NaN where the scan carries none. */
  carried(place: number): number;
  /** The last value of an indicator; NaN if there never was one. */
  feature(name: string): number;
  /** The age of that value in milliseconds, by its own `as_of`; Infinity if there never was one. */
  featureAgeMs(name: string): number;
  /** The last order book of the asset; null if there never was one. */
  book(asset: number): BookView | null;
};

/** What a strategy may see of a position when it is asked about an exit. */
export type PositionView = {
  /** Column in the present universe. */
  readonly column: number;
  /** @deprecated say `column` */
  readonly asset: number;
  readonly direction: Direction;
  readonly entryPrice: number;
  readonly heldScans: number;
};

/**
 * A strategy declares the inputs whose age can stop its entries: these two, features by name, `book` for the order
 * book of the asset that is entered, and `book.ASSET` for that of one.
 */
export type StrategyInput = "scan" | "posture" | (string & {});

/**
 * All state of a strategy must be in the memory that `remember` makes: a snapshot stores that and nothing else.
 * Memory that a snapshot can't store is refused at the start.
 */
export type Strategy<P extends Parameters, M extends MemorableRecord> = {
  readonly name: string;
  /** Raise it when the same parameters would decide differently. */
  readonly version: number;
  readonly inputs: readonly StrategyInput[];
  /** Names of the features that must be carried with the scan. */
  readonly carried: readonly string[];
  readonly defaults: P;
  /** Named sets of changes to the defaults. */
  readonly presets: Readonly<Record<string, Partial<P>>>;
  /** How many scans `before` may look back. */
  readonly lookBackScans: (parameters: P) => number;
  /** `decide` is not called while this many positions are open or pending. */
  readonly positionsMax: (parameters: P) => number;
  readonly remember: (parameters: P) => M;
  /** Called at every scan in order, fresh or stale. */
  readonly observe: (memory: M, view: MarketView, parameters: P) => void;
  /** Whether every window is full. */
  readonly isWarm: (memory: M, parameters: P) => boolean;
  /** Called at fresh scans, after `observe`, when warm; returns null for no signal. */
  readonly decide: (
    memory: M,
    view: MarketView,
    parameters: P,
  ) => EntrySignal | FormerSignal | null;
  /** Called at fresh scans for each open position, after the exit plan; optional. */
  readonly shouldExit?: (
    memory: M,
    view: MarketView,
    scene: { readonly position: PositionView; readonly parameters: P },
  ) => boolean;
  /** Figures for people, shown in the published state. */
  readonly readings: (memory: M, parameters: P) => Readonly<Record<string, number | boolean>>;
  /**
   * For `dolphin why no-trade`: the conditions of `isWarm` and `decide` with their bounds. It must change nothing.
   * Optional: without it only the readings are shown.
   */
  readonly explain?: (memory: M, view: MarketView, parameters: P) => readonly StrategyCheck[];
};

/** A strategy with its parameters and memory, its types hidden: what the core holds. */
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
  /**
   * The answer of `decide` at the present scan; null where it was not called. Calling it again might change its
   * memory.
   */
  readonly lastSignal: () => EntrySignal | null;
  readonly shouldExit: ((view: MarketView, position: PositionView) => boolean) | null;
  readonly readings: () => Readonly<Record<string, number | boolean>>;
  /** Null where the strategy does not explain itself. */
  readonly explain: ((view: MarketView) => readonly StrategyCheck[]) | null;
};

/** A strategy that a configuration names: `start` begins with an empty memory each time. */
export type StrategyChoice = {
  readonly name: string;
  /** Hash of the user's own files from which it was loaded; a built-in one is covered by the code's hash. */
  readonly fileHash?: string;
  /** All files that were loaded for it from its folder, itself first; absent for a built-in one. */
  readonly files?: readonly string[];
  /** `file`: its path, for error messages. */
  readonly start: (overrides: Parameters, file?: string) => RunningStrategy;
};

/**
 * Hides a strategy's own types, so that all strategies fit one configuration. @throws {Error} that names the missing
 * parts: a file may never have been type-checked.
 */
export function defineStrategy<P extends Parameters, M extends MemorableRecord>(
  strategy: Strategy<P, M>,
): StrategyChoice {
  const missing = PARTS.filter(([part, type]) => typeof strategy[part] !== type);
  if (missing.length > 0) {
    const parts = missing.map(([part, type]) => `'${part}' (${type})`).join(", ");
    throw new Error(`strategy ${strategy.name} lacks ${parts}`);
  }
  return {
    name: strategy.name,
    start: (overrides, file) =>
      startStrategy(strategy, {
        parameters: parametersOf(strategy, overrides),
        label: strategyLabel(strategy.name, file),
      }),
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

function startStrategy<P extends Parameters, M extends MemorableRecord>(
  strategy: Strategy<P, M>,
  { parameters, label }: { readonly parameters: P; readonly label: string },
): RunningStrategy {
  checkParameters(label, parameters);
  const memory = strategy.remember(parameters);
  checkMemory(label, memory);
  const { observe, isWarm, decide, shouldExit, readings, explain } = strategy;
  let last: EntrySignal | null = null;
  return {
    name: strategy.name,
    version: strategy.version,
    parameters,
    inputs: strategy.inputs,
    carried: strategy.carried,
    lookBackScans: countFrom(label, "lookBackScans", strategy.lookBackScans(parameters)),
    positionsMax: countFrom(label, "positionsMax", strategy.positionsMax(parameters)),
    memory: () => memory,
    observe(view) {
      last = null;
      observe(memory, view, parameters);
    },
    isWarm: () => flagFrom(label, "isWarm", isWarm(memory, parameters)),
    decide(view) {
      const signal = decide(memory, view, parameters);
      last = signal === null ? null : signalFrom(label, signal, view.assetCount);
      return last;
    },
    lastSignal: () => last,
    shouldExit:
      shouldExit === undefined
        ? null
        : (view, position) =>
            flagFrom(label, "shouldExit", shouldExit(memory, view, { position, parameters })),
    readings: () => readingsFrom(label, readings(memory, parameters)),
    explain:
      explain === undefined ? null : (view) => checksFrom(label, explain(memory, view, parameters)),
  };
}

/** The defaults, then the preset that `preset` names, then the rest; unknown names are refused. */
function parametersOf<P extends Parameters, M extends MemorableRecord>(
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
