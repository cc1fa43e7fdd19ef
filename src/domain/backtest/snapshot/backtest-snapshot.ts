/**
 * Encodes a run between two chunks as JSON, and decodes it. Invariant: a run resumed from a snapshot ends with the
 * result of an uninterrupted one.
 */
import { restoreInto, toExactJson, type Json } from "../../trading/snapshot/exact.ts";
import { restoreFrom, snapshotOf, type TraderSnapshot } from "../../trading/snapshot/snapshot.ts";
import type { Backtest } from "../backtest-run.ts";

export type BacktestSnapshot = { readonly trader: TraderSnapshot; readonly run: Json };

/** @throws {Error} for a strategy whose memory a snapshot can't hold. */
export function snapshotOfBacktest(run: Backtest): BacktestSnapshot {
  const { nowMs, seq } = run.event;
  const { curve, tally, holdings, losses, dailyEquities, firstMs, lastRow } = run;
  const { nextDayMs, fundedToMs, scansInPosition, scans } = run;
  return {
    trader: snapshotOf(run.desk.trader),
    run: toExactJson({
      pending: run.broker.pending,
      event: { nowMs, seq },
      lanes: [...run.hash.lanes],
      curve,
      tally,
      holdings,
      losses,
      dailyEquities,
      firstMs,
      lastRow,
      nextDayMs,
      fundedToMs,
      scansInPosition,
      scans,
    }),
  };
}

/** `fresh` was started with the same description; its state becomes that of the snapshot. */
export function resumeBacktest(fresh: Backtest, snapshot: BacktestSnapshot): Backtest {
  const { desk, broker, hash, description } = fresh;
  const kept = { ...fresh, pending: broker.pending, lanes: [...hash.lanes] };
  restoreInto(kept, snapshot.run);
  const { pending, lanes, ...run } = kept;
  hash.lanes.set(lanes);
  broker.pending = pending;
  return { ...run, desk: { ...desk, trader: restoreFrom(description.trader, snapshot.trader) } };
}
