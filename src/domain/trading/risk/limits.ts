/** The limits below the strategy. One that is hit latches: no entries until an operator resumes. */
import { cancelEntries } from "../book/cancel-entries.ts";
import { emitNote, type Trader } from "../state.ts";

export type LimitName =
  "limit_notional" | "limit_order_rate" | "limit_positions" | "limit_daily_loss" | "limit_drawdown";

const MINUTE_MS = 60_000;

/** Measures what the account's equity says, after each mark and each fill. */
export function measureLosses(trader: Trader): void {
  const { account, risk } = trader.data;
  const { dailyLossMax, drawdownMax } = trader.configuration.limits;
  const { equity } = account;
  if (risk.peakEquity < equity) risk.peakEquity = equity;
  if (dailyLossMax * risk.dayEquity <= risk.dayEquity - equity) latch(trader, "limit_daily_loss");
  if (drawdownMax * risk.peakEquity <= risk.peakEquity - equity) latch(trader, "limit_drawdown");
}

/** The limit that an entry of this size would break, if any; that it was tried latches it. */
export function limitBrokenBy(trader: Trader, notional: number): LimitName | null {
  const { data, configuration } = trader;
  const { limits } = configuration;
  const entries = data.working.filter(({ order }) => order.purpose === "entry");
  const onTheirWay = entries.filter(
    ({ order }) => !data.positions.some((position) => position.id === order.positionId),
  );
  if (limits.positionsMax < data.positions.length + onTheirWay.length + 1) {
    return "limit_positions";
  }
  let gross = notional;
  for (const position of data.positions) gross += position.quantity * position.mark;
  for (const { order, filled } of entries)
    gross += (order.quantity - filled) * order.referencePrice;
  if (limits.positionNotionalMax < notional || limits.grossNotionalMax < gross) {
    return "limit_notional";
  }
  const { risk, nowMs } = data;
  risk.entryTimesMs = risk.entryTimesMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
  return limits.entriesPerMinuteMax < risk.entryTimesMs.length + 1 ? "limit_order_rate" : null;
}

export function latch(trader: Trader, limit: LimitName): void {
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

/** An operator looked: limits measure from the present equity on. */
export function releaseLimits(trader: Trader): void {
  const { risk, account } = trader.data;
  risk.latched = [];
  risk.isHalted = false;
  risk.peakEquity = account.equity;
  risk.dayEquity = account.equity;
  risk.entryTimesMs = [];
}
