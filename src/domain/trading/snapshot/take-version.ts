/**
 * A book that continues under another configuration or strategy version: cash, day, limits and history stay. Windows
 * and memory belong to the strategy that filled them, so another strategy, version or parameter set starts with empty
 * ones.
 */
import type { TraderConfiguration } from "../configuration.ts";
import type { TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { createTrader } from "../trader.ts";
import {
  restoreData,
  restoreFrom,
  snapshotOf,
  strategyOf,
  type TraderSnapshot,
} from "./snapshot.ts";

export type TakenVersion =
  | { readonly kind: "taken"; readonly trader: Trader }
  /** A position belongs to its strategy and is not handed over. */
  | { readonly kind: "refused"; readonly reason: string };

/** @throws {Error} if the snapshot is of another book, or in another format. */
export function takeVersion(
  configuration: TraderConfiguration,
  snapshot: TraderSnapshot,
): TakenVersion {
  const trader = createTrader(configuration);
  if (isOfStrategy(trader, snapshot)) {
    return { kind: "taken", trader: restoreFrom(configuration, snapshot) };
  }
  restoreData(trader, snapshot);
  const reason = whyNotFlat(trader);
  return reason === null ? { kind: "taken", trader } : { kind: "refused", reason };
}

export function isOfStrategy(trader: Trader, snapshot: TraderSnapshot): boolean {
  return JSON.stringify(strategyOf(trader)) === JSON.stringify(snapshot.strategy);
}

/** Null for a book without positions and orders. */
export function whyNotFlat({ configuration, data }: Trader): string | null {
  const { positions, working } = data;
  if (positions.length === 0 && working.length === 0) return null;
  const what = [
    ...positions.map(({ direction, asset }) => `${direction} ${asset} is open`),
    ...working.map(({ order }) => `order ${order.clientOrderId} is working`),
  ];
  return `${configuration.book} is not flat: ${what.join(", ")}`;
}

/** Identified by the hash in the log's `started` events. */
export type Version = { readonly trader: TraderConfiguration; readonly hash: string };
export type VersionedBook<V extends Version = Version> = {
  readonly trader: Trader;
  readonly version: V;
};

/**
 * The book that takes this event of its log: a start may say that another version continues from here. Null where
 * that version is not known, or could not have continued from this state.
 */
export function versionAt<V extends Version>(
  book: VersionedBook<V>,
  event: TraderEvent,
  versionOf: (hash: string) => V | null,
): VersionedBook<V> | null {
  if (event.kind !== "started" || event.configurationHash === book.version.hash) return book;
  const version = versionOf(event.configurationHash);
  if (version === null) return null;
  const taken = takeVersion(version.trader, snapshotOf(book.trader));
  return taken.kind === "taken" ? { trader: taken.trader, version } : null;
}
