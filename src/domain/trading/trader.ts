/**
 * The trading core: the only path from events to commands. The live trader, the replay, the
 * backtester and the shadow book all call `stepTrader`.
 *
 * Invariant: the state after an event depends on the configuration and the events up to it, and on
 * nothing else. It is updated in place; what is published is read on demand.
 */
import type { TraderCommand } from "./commands.ts";
import type { TraderConfiguration } from "./configuration.ts";
import type { Decision } from "./decision.ts";
import type { TraderEvent } from "./events.ts";
import type { PublishedState } from "./published.ts";

/** Opaque: read it through `decisionOf`, `publishedOf`, `snapshotOf`. */
export type Trader = { readonly configuration: TraderConfiguration; nextIndex: number };

/** JSON-able, doubles exact: `JSON.stringify` of two equal states gives the same bytes. */
export type TraderSnapshot = { readonly version: number; readonly nextIndex: number };

export type CreateTrader = (configuration: TraderConfiguration) => Trader;
/** Asserts `event.index === trader.nextIndex`. The returned array is shared when empty. */
export type StepTrader = (trader: Trader, event: TraderEvent) => readonly TraderCommand[];
/** The decision record that the last event made, null if it made none. Read it after each step. */
export type DecisionOf = (trader: Trader) => Decision | null;
export type PublishedOf = (trader: Trader) => PublishedState;
export type SnapshotOf = (trader: Trader) => TraderSnapshot;
export type RestoreFrom = (configuration: TraderConfiguration, snapshot: TraderSnapshot) => Trader;
