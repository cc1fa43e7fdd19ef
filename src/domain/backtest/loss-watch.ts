/** When a book's loss limits would have latched in a run that continues without them. */
import { dayFromMicros, US_PER_MS } from "../time.ts";
import type { TraderNote } from "../trading/commands.ts";
import type { RiskLimits } from "../trading/configuration.ts";
import type { LossLimit } from "../trading/risk/limit-names.ts";

export type LossLimits = Pick<RiskLimits, "dailyLossMax" | "drawdownMax">;

/** Each limit once: a latched book stops trading, so there is no second time. */
export type Latched = { readonly limit: LossLimit; readonly day: string };

export type LossWatch = {
  dayEquity: number;
  peakEquity: number;
  latched: Latched[];
  liquidations: number;
  /** The day of the first liquidation; empty before it. */
  liquidatedDay: string;
  /** The day on which the equity was gone; empty before it. */
  bankruptDay: string;
};

export function createLossWatch(capital: number): LossWatch {
  return {
    dayEquity: capital,
    peakEquity: capital,
    latched: [],
    liquidations: 0,
    liquidatedDay: "",
    bankruptDay: "",
  };
}

/** Called with the equity after every scan. */
export function watchLosses(watch: LossWatch, limits: LossLimits, now: EquityNow): void {
  const { equity } = now;
  if (watch.peakEquity < equity) watch.peakEquity = equity;
  const { dayEquity, peakEquity } = watch;
  if (limits.dailyLossMax * dayEquity <= dayEquity - equity) {
    noteLatched(watch, "limit_daily_loss", now.nowMs);
  }
  if (limits.drawdownMax * peakEquity <= peakEquity - equity) {
    noteLatched(watch, "limit_drawdown", now.nowMs);
  }
}

export type EquityNow = { readonly equity: number; readonly nowMs: number };

/** Records the core's own note of a latch or a liquidation. */
export function noteLoss(watch: LossWatch, { code, subject }: TraderNote, nowMs: number): void {
  if (code === "liquidated") {
    watch.liquidations += 1;
    if (watch.liquidatedDay === "") watch.liquidatedDay = dayFromMicros(nowMs * US_PER_MS);
  }
  if (code !== "limit_latched") return;
  if (subject === "limit_daily_loss" || subject === "limit_drawdown") {
    noteLatched(watch, subject, nowMs);
  }
}

function noteLatched(watch: LossWatch, limit: LossLimit, nowMs: number): void {
  if (watch.latched.some((other) => other.limit === limit)) return;
  watch.latched.push({ limit, day: dayFromMicros(nowMs * US_PER_MS) });
}

/** The remarks beside a run's figures, the most severe first; null when there are none. */
export function lossText(run: LimitsReached): string | null {
  const remarks = [ruinText(run) ?? [], latchedText(run) ?? []].flat();
  return remarks.length === 0 ? null : remarks.join("; ");
}

/** Null when no limit was reached. */
export function latchedText({ latched, areEnforced }: LimitsReached): string | null {
  const [first] = latched;
  if (first === undefined) return null;
  const how = areEnforced ? "stopped by" : "would have latched";
  return `${how} ${first.limit} on ${first.day}`;
}

/** Null when nothing was liquidated and some equity is left. */
export function ruinText({ liquidations = 0, liquidatedDay, bankruptDay }: LimitsReached) {
  const words = [
    bankruptDay === undefined ? [] : `bankrupt on ${bankruptDay}`,
    liquidations === 0
      ? []
      : `${liquidations} liquidated${liquidations === 1 ? "" : ", the first"} on ${liquidatedDay}`,
  ].flat();
  return words.length === 0 ? null : words.join(", ");
}

export type LimitsReached = {
  /** Whether the limits stopped the run, or only report where they would have. */
  readonly areEnforced: boolean;
  readonly latched: readonly Latched[];
  /** Positions that the venue closed; absent for none, as the next two. */
  readonly liquidations?: number;
  /** The first day with one. */
  readonly liquidatedDay?: string;
  /** The day on which the equity was gone and the run ended. */
  readonly bankruptDay?: string;
};

/** Records that the run ended with no equity: it has no figures after that. */
export function noteBankrupt(watch: LossWatch, nowMs: number): void {
  watch.bankruptDay = dayFromMicros(nowMs * US_PER_MS);
}

export function limitsReached(watch: LossWatch, areEnforced: boolean): LimitsReached {
  const { latched, liquidations, liquidatedDay, bankruptDay } = watch;
  return {
    areEnforced,
    latched,
    ...(liquidations === 0 ? {} : { liquidations, liquidatedDay }),
    ...(bankruptDay === "" ? {} : { bankruptDay }),
  };
}
