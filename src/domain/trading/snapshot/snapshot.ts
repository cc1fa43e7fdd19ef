/**
 * A trader's whole state as JSON, and back. Invariant: a restored snapshot plus the rest of the log gives the same
 * state, byte for byte, as folding the whole log.
 */
import type { TraderConfiguration } from "../configuration.ts";
import type { Trader } from "../state.ts";
import { createTrader } from "../trader.ts";
import { type CopyDoubles, restoreInto, toExactJson, type Json } from "./exact.ts";
import { memoryToJson, restoreMemory } from "./memory.ts";

const SNAPSHOT_VERSION = 1;

export type TraderSnapshot = {
  readonly version: number;
  readonly book: string;
  /** Name, version, parameters and file: a snapshot of another strategy is not continued. */
  readonly strategy: Json;
  readonly nextIndex: number;
  readonly data: Json;
  readonly windows: Json;
  readonly memory: Json;
};

/** @throws {UnmemorableError} when the strategy's memory can't be stored. */
export function snapshotOf(trader: Trader, copy?: CopyDoubles): TraderSnapshot {
  const memory = memoryToJson(trader.strategy.memory(), copy);
  return {
    version: SNAPSHOT_VERSION,
    book: trader.configuration.book,
    strategy: strategyOf(trader),
    nextIndex: trader.nextIndex,
    data: toExactJson(trader.data),
    windows: toExactJson(trader.windows.dump(), copy),
    memory,
  };
}

/** @throws {Error} if the snapshot is of another book, strategy or version. */
export function restoreFrom(configuration: TraderConfiguration, snapshot: TraderSnapshot): Trader {
  const trader = createTrader(configuration);
  const mine = JSON.stringify(strategyOf(trader));
  const theirs = JSON.stringify(snapshot.strategy);
  if (mine !== theirs) {
    throw new Error(`the snapshot is of ${theirs}, the configuration of ${mine}`);
  }
  restoreData(trader, snapshot);
  const windows = trader.windows.dump();
  restoreInto(windows, snapshot.windows);
  trader.windows.load(windows);
  restoreMemory(trader.strategy.memory(), snapshot.memory);
  return trader;
}

/** The number of assets in its universe; 0 before the first scan. */
export function assetCountOf({ windows }: TraderSnapshot): number {
  const assets: unknown = Reflect.get(Object(windows), "assets");
  return Array.isArray(assets) ? assets.length : 0;
}

/** The data of the book itself, whatever strategy it runs. */
export function restoreData(trader: Trader, snapshot: TraderSnapshot): void {
  const { book } = trader.configuration;
  if (snapshot.version !== SNAPSHOT_VERSION || snapshot.book !== book) {
    throw new Error(
      `the snapshot is of ${snapshot.book} in form ${snapshot.version}, ` +
        `not of ${book} in form ${SNAPSHOT_VERSION}`,
    );
  }
  restoreInto(trader.data, snapshot.data);
  trader.nextIndex = snapshot.nextIndex;
}

export function strategyOf({ strategy, configuration }: Trader): Json {
  const { name, version, parameters } = strategy;
  const { fileHash } = configuration.strategy;
  // Its author may forget to raise the version: the memory of a changed file may mean something else.
  return toExactJson({
    name,
    version,
    parameters,
    ...(fileHash === undefined ? {} : { fileHash }),
  });
}
