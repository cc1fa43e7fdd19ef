/**
 * All that a replay asks of a core. A trader's code is kept with this file in it, so that a later
 * release can have an earlier one fold its own days: what stands here may grow, and changes its form
 * where it changes otherwise.
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
