/**
 * A trader's whole state as JSON, and back.
 *
 * Invariant: folding the tail onto a restored snapshot gives the same state, byte for byte, as
 * folding the log from its start.
 */
import type { TraderConfiguration } from "../configuration.ts";
import type { MarketWindowsDump } from "../market/market-windows.ts";
import type { Trader, TraderData } from "../state.ts";
import { createTrader } from "../trader.ts";
import { fromExactJson, toExactJson, type Json } from "./exact.ts";

const SNAPSHOT_VERSION = 1;

export type TraderSnapshot = {
  readonly version: number;
  readonly book: string;
  /** Name, version and parameters: a snapshot of another strategy is not folded on. */
  readonly strategy: Json;
  readonly nextIndex: number;
  readonly data: Json;
  readonly windows: Json;
  readonly memory: Json;
};

export function snapshotOf(trader: Trader): TraderSnapshot {
  return {
    version: SNAPSHOT_VERSION,
    book: trader.configuration.book,
    strategy: strategyOf(trader),
    nextIndex: trader.nextIndex,
    data: toExactJson(trader.data),
    windows: toExactJson(trader.windows.dump()),
    memory: toExactJson(trader.strategy.memory()),
  };
}

/** @throws {Error} if the snapshot is of another book, strategy or version. */
export function restoreFrom(configuration: TraderConfiguration, snapshot: TraderSnapshot): Trader {
  const trader = createTrader(configuration);
  const mine = JSON.stringify([SNAPSHOT_VERSION, configuration.book, strategyOf(trader)]);
  const theirs = JSON.stringify([snapshot.version, snapshot.book, snapshot.strategy]);
  if (mine !== theirs) {
    throw new Error(
      `the snapshot is of ${theirs}, the configuration of ${mine}: fold from the start`,
    );
  }
  const data = fromExactJson(snapshot.data) as TraderData;
  const { decision, scans, account, day, risk, posture, features, ...rest } = trader.data;
  Object.assign(decision, data.decision);
  Object.assign(scans, data.scans);
  Object.assign(account, data.account);
  Object.assign(day, data.day);
  Object.assign(risk, data.risk);
  Object.assign(posture, data.posture);
  Object.assign(rest.refusals, data.refusals);
  for (const [name, reading] of data.features) features.set(name, reading);
  trader.data.nowMs = data.nowMs;
  trader.data.orderOrdinal = data.orderOrdinal;
  trader.data.positions = data.positions;
  trader.data.working = data.working;
  trader.data.operatorIds = data.operatorIds;
  trader.windows.load(fromExactJson(snapshot.windows) as MarketWindowsDump);
  trader.strategy.restore(fromExactJson(snapshot.memory) as object);
  trader.nextIndex = snapshot.nextIndex;
  return trader;
}

function strategyOf({ strategy }: Trader): Json {
  return toExactJson({
    name: strategy.name,
    version: strategy.version,
    parameters: strategy.parameters,
  });
}
