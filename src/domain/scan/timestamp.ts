/** Parses an Arrow timestamp, a count of units or ISO-8601 text, into microseconds since the epoch. */
import { MS_PER_DAY, US_PER_MS, US_PER_SECOND } from "../time.ts";

export type TimeUnit = "s" | "ms" | "us" | "ns";

/** A value outside the exact integers becomes an unsafe number, which `judgeNumbers` refuses. */
export function microsFromUnit(value: bigint, unit: TimeUnit): number {
  // Nanoseconds are truncated: the contract's times have six decimals.
  return Number(unit === "ns" ? value / 1_000n : value * US_PER_UNIT[unit]);
}

const US_PER_UNIT = { s: 1_000_000n, ms: 1_000n, us: 1n } as const;

const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,18}))?(?:Z|([+-])(\d\d):?(\d\d)?)?$/u;

/** ISO-8601 with or without fraction and zone (no zone means UTC); null when it is not a valid time. */
export function microsFromIso(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const part = (at: number): number => Number(match[at] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  if (month < 1 || 12 < month || day < 1 || daysInMonth(year, month) < day) return null;
  const [hours, minutes, seconds] = [part(4), part(5), part(6)];
  // Second 60 is a leap second, which epoch time does not have: it becomes the next second.
  if (23 < hours || 59 < minutes || 60 < seconds) return null;
  if (23 < part(9) || 59 < part(10)) return null;
  const zoneMinutes = (part(9) * 60 + part(10)) * (match[8] === "-" ? -1 : 1);
  const fraction = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const secondOfDay = hours * 3_600 + (minutes - zoneMinutes) * 60 + seconds;
  const dayUs = epochDays(year, month, day) * MS_PER_DAY * US_PER_MS;
  return dayUs + secondOfDay * US_PER_SECOND + fraction;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March. */
function epochDays(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * (month <= 2 ? month + 9 : month - 3) + 2) / 5) + day - 1;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
