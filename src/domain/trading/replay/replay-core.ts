/**
 * The interface between a replay and the core. This file is stored with a trader's code, so that a later release can
 * let an earlier one fold its own days: it may be extended, but existing parts must not change their form.
 */
import { exactText } from "../snapshot/exact.ts";
import { restoreFrom, snapshotOf, strategyOf } from "../snapshot/snapshot.ts";
import { takeVersion } from "../snapshot/take-version.ts";
import { builtInStrategy } from "../strategies/built-in.ts";
import { createTrader, stepTrader } from "../trader.ts";
import { Replay } from "./replay.ts";

export const REPLAY_CORE_FORM = 1;

export const replayCore = {
  form: REPLAY_CORE_FORM,
  builtInStrategy,
  createTrader,
  exactText,
  restoreFrom,
  snapshotOf,
  stepTrader,
  strategyOf,
  takeVersion,
  replayOf: (...args: ConstructorParameters<typeof Replay>) => new Replay(...args),
};

export type ReplayCore = typeof replayCore;
