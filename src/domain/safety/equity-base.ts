/**
 * The bases from which losses are measured: the highest equity, and the equity at the day's start. Invariant: a base
 * is the median of three accepted readings; an outlier counts for nothing until as many readings agree as make a new
 * level.
 */
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../time.ts";
import type { BookReading } from "./readings.ts";

export type EquityBase = {
  /** Null before three readings. */
  readonly peak: number | null;
  readonly dayStart: number | null;
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** The newest three accepted readings, oldest first. */
  readonly recent: readonly number[];
  /** Consecutive later readings that are far from these, and near each other. */
  readonly doubted: readonly number[];
  readonly evidence: string;
};

export const NO_EQUITY_BASE: EquityBase = {
  peak: null,
  dayStart: null,
  day: "",
  recent: [],
  doubted: [],
  evidence: "",
};

const RECENT = 3;
/** Readings that agree make a new level: money was paid in or taken out. */
const NEW_LEVEL = 5;

export function withReading(
  base: EquityBase,
  reading: BookReading,
  { wallMs, wildShare }: { readonly wallMs: number; readonly wildShare: number },
): EquityBase {
  const { equity, evidence } = reading;
  if (!Number.isFinite(equity)) return base;
  const isNew = evidence !== base.evidence || base.recent.length === 0;
  const { recent, doubted } = isNew ? withEquity(base, equity, wildShare) : base;
  const known = middleOf(recent);
  if (known === null) return { ...base, recent, doubted, evidence };
  const day = dayFromMicros(wallMs * US_PER_MS);
  const nextDay = dayFromMicros((wallMs + MS_PER_DAY) * US_PER_MS);
  // A clock that is set back a little does not begin the day again; one that was far ahead must not block a day
  // change for long.
  const isDayBegun = base.dayStart === null || base.day < day || nextDay < base.day;
  return {
    peak: Math.max(base.peak ?? known, known),
    dayStart: isDayBegun ? known : base.dayStart,
    day: isDayBegun ? day : base.day,
    recent,
    doubted,
    evidence,
  };
}

function withEquity(
  { recent, doubted }: EquityBase,
  equity: number,
  wildShare: number,
): Pick<EquityBase, "recent" | "doubted"> {
  if (!isWild(recent, equity, wildShare)) {
    return { recent: [...recent, equity].slice(-RECENT), doubted: [] };
  }
  const [first] = doubted;
  const isNear = first !== undefined && isWithin(first, equity, wildShare);
  const agreeing = isNear ? [...doubted, equity] : [equity];
  return agreeing.length < NEW_LEVEL
    ? { recent, doubted: agreeing }
    : { recent: agreeing.slice(-RECENT), doubted: [] };
}

/** Whether it is too far from the readings accepted before it. */
export function isWild(recent: readonly number[], equity: number, wildShare: number): boolean {
  const middle = middleOf(recent);
  return middle !== null && !isWithin(middle, equity, wildShare);
}

function isWithin(from: number, equity: number, share: number): boolean {
  return Math.abs(equity - from) <= share * Math.abs(from);
}

/** Null before there are three. */
export function middleOf(recent: readonly number[]): number | null {
  if (recent.length < RECENT) return null;
  return recent.toSorted((a, b) => a - b)[1] ?? null;
}

/** The larger of both losses, as a share of its limit; 1 reaches the limit. */
export function lossShare(
  base: EquityBase,
  equity: number,
  limits: { readonly drawdownMax: number; readonly dailyLossMax: number },
): { readonly share: number; readonly of: "drawdown" | "daily loss"; readonly lost: number } {
  const drawdown = lostOf(base.peak, equity) ?? 0;
  const daily = lostOf(base.dayStart, equity) ?? 0;
  const byDrawdown = drawdown / limits.drawdownMax;
  const byDay = daily / limits.dailyLossMax;
  return byDay > byDrawdown
    ? { share: byDay, of: "daily loss", lost: daily }
    : { share: byDrawdown, of: "drawdown", lost: drawdown };
}

/** The loss as a share; null where there is no base. */
export function lostOf(from: number | null, equity: number): number | null {
  return from === null || !(from > 0) ? null : (from - equity) / from;
}
