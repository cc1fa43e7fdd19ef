/**
 * The risk limits below the strategy. A loss limit that is reached latches: no entries until an operator resumes.
 * Size, count and rate limits refuse the one entry that would exceed them: the next is checked anew.
 */
import type { LossLimit } from "./limit-names.ts";
import { cancelEntries } from "../cancel-orders.ts";
import { emitNote, type Trader } from "../state.ts";
import type { Measured, EntryRule } from "./check.ts";
import { openOrOnTheWay } from "./position-room.ts";

/** An entry with all of the cash must fit the equity, whatever the rounding of the quotient. */
const NOTIONAL_SLACK = 1 + 1e-9;

const MINUTE_MS = 60_000;

/** Checks the losses after each mark and each fill. */
export function measureLosses(trader: Trader): void {
  const { account, risk } = trader.data;
  const { equity } = account;
  if (risk.peakEquity < equity) risk.peakEquity = equity;
  if (isLossHit(trader, "limit_daily_loss")) latch(trader, "limit_daily_loss");
  if (isLossHit(trader, "limit_drawdown")) latch(trader, "limit_drawdown");
}

export function isLossHit(trader: Trader, limit: LossLimit): boolean {
  const base = lossBaseOf(trader, limit);
  return lossMaxOf(trader, limit) * base <= base - trader.data.account.equity;
}

export const LOSS_LIMITS: readonly LossLimit[] = ["limit_daily_loss", "limit_drawdown"];

/** The loss and its limit, as shares of the base from which the loss is measured. */
export function lossOf(trader: Trader, limit: LossLimit) {
  const base = lossBaseOf(trader, limit);
  return { lost: (base - trader.data.account.equity) / base, allowed: lossMaxOf(trader, limit) };
}

function lossBaseOf({ data: { risk } }: Trader, limit: LossLimit): number {
  return limit === "limit_daily_loss" ? risk.dayEquity : risk.peakEquity;
}

function lossMaxOf({ configuration: { limits } }: Trader, limit: LossLimit): number {
  return limit === "limit_daily_loss" ? limits.dailyLossMax : limits.drawdownMax;
}

type Sized = { readonly trader: Trader; readonly notional: number };

/** One rule for each limit that an entry's size may exceed. */
export const LIMIT_RULES: readonly EntryRule<Sized>[] = [
  {
    reason: "limit_positions",
    unit: "none",
    passes({ trader }, measured) {
      const bound = trader.configuration.limits.positionsMax;
      return isWithin(measured, openOrOnTheWay(trader) + 1, bound);
    },
  },
  {
    reason: "limit_notional",
    about: "position_notional",
    unit: "quote",
    passes({ trader, notional }, measured) {
      const bound = trader.configuration.limits.positionNotionalMax * reachOf(trader);
      return isWithin(measured, notional, bound);
    },
  },
  {
    reason: "limit_notional",
    about: "gross_notional",
    unit: "quote",
    passes({ trader, notional }, measured) {
      const { positions, working } = trader.data;
      let gross = notional;
      for (const position of positions) gross += position.quantity * position.mark;
      for (const { order, filled } of working) {
        if (order.purpose === "entry") gross += (order.quantity - filled) * order.referencePrice;
      }
      return isWithin(
        measured,
        gross,
        trader.configuration.limits.grossNotionalMax * reachOf(trader),
      );
    },
  },
  {
    reason: "limit_order_rate",
    unit: "none",
    passes({ trader }, measured) {
      const { risk, nowMs } = trader.data;
      let count = 1;
      for (const atMs of risk.entryTimesMs) if (isRecent(atMs, nowMs)) count += 1;
      return isWithin(measured, count, trader.configuration.limits.entriesPerMinuteMax);
    },
  },
];

/** Shares of the capital are scaled to the present equity. */
function reachOf({ data, configuration }: Trader): number {
  return (data.account.equity / configuration.capital) * NOTIONAL_SLACK;
}

function isWithin(measured: Measured, value: number, bound: number): boolean {
  measured.value = value;
  measured.bound = bound;
  // Written so that NaN is within no limit.
  return value <= bound;
}

function isRecent(atMs: number, nowMs: number): boolean {
  return nowMs - atMs < MINUTE_MS;
}

/** Records an entry's time; times more than a minute ago no longer count. */
export function noteEntryTime(trader: Trader): void {
  const { risk, nowMs } = trader.data;
  risk.entryTimesMs = risk.entryTimesMs.filter((atMs) => isRecent(atMs, nowMs));
  risk.entryTimesMs.push(nowMs);
}

function latch(trader: Trader, limit: LossLimit): void {
  const { latched } = trader.data.risk;
  if (latched.includes(limit)) return;
  latched.push(limit);
  emitNote(trader, "limit_latched", {
    severity: "alert",
    subject: limit,
    detail: `${limit} was hit: no entries until an operator resumes`,
  });
  cancelEntries(trader, null);
}

/** An operator has resumed: losses are measured from the present equity on. */
export function releaseLimits(trader: Trader): void {
  const { risk, account } = trader.data;
  risk.latched = [];
  risk.isHalted = false;
  risk.peakEquity = account.equity;
  risk.dayEquity = account.equity;
  risk.entryTimesMs = [];
}
