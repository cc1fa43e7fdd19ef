/**
 * The calendar and the sessions of the exchanges as numbers, from the UTC time; daylight saving is only that of the
 * exchanges.
 */
import { dayFromMicros, MS_PER_DAY, MS_PER_HOUR, US_PER_MS } from "../time.ts";

type Session = {
  readonly name: string;
  readonly openH: number;
  readonly closeH: number;
  /** Offset of its clock from UTC, in hours. */
  readonly aheadH: (atMs: number) => number;
};

/** Local times in hours; .5 is a half hour. */
const SESSIONS: readonly Session[] = [
  { name: "tokyo", openH: 9, closeH: 15.5, aheadH: () => 9 },
  { name: "london", openH: 8, closeH: 16.5, aheadH: (atMs) => (isSummerInEurope(atMs) ? 1 : 0) },
  { name: "new_york", openH: 9.5, closeH: 16, aheadH: (atMs) => (isSummerInUs(atMs) ? -4 : -5) },
];
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;
const TURN_DAYS = 3;

export type Factor = { readonly name: string; readonly value: number; readonly unit: string };

export function calendarFactors(atMs: number): readonly Factor[] {
  const { month, day } = civil(atMs);
  const lastDay = daysInMonth(atMs);
  const isTurn = day <= TURN_DAYS || lastDay - TURN_DAYS < day;
  const isQuarterEnd = month % 3 === 0 && lastDay - TURN_DAYS < day;
  return [
    { name: "weekday", value: weekday(atMs), unit: "0 is Sunday" },
    { name: "utc_hour", value: (atMs % MS_PER_DAY) / MS_PER_HOUR, unit: "h" },
    { name: "day_of_month", value: day, unit: "day" },
    { name: "turn_of_month", value: Number(isTurn), unit: "0 or 1" },
    { name: "quarter_end", value: Number(isQuarterEnd), unit: "0 or 1" },
    ...SESSIONS.map((session) => ({
      name: `session_${session.name}_open`,
      value: Number(isOpen(session, atMs)),
      unit: "0 or 1",
    })),
  ];
}

function isOpen({ openH, closeH, aheadH }: Session, atMs: number): boolean {
  const localMs = atMs + aheadH(atMs) * MS_PER_HOUR;
  const hour = (localMs % MS_PER_DAY) / MS_PER_HOUR;
  const isWorkday = ![0, 6].includes(weekday(localMs));
  return isWorkday && openH <= hour && hour < closeH;
}

function weekday(atMs: number): number {
  return (Math.floor(atMs / MS_PER_DAY) + FIRST_WEEKDAY) % 7;
}

/** From the last Sunday of March to that of October, at 01:00 UTC. */
function isSummerInEurope(atMs: number): boolean {
  return isWithin(atMs - MS_PER_HOUR, { month: 3, nth: -1 }, { month: 10, nth: -1 });
}

/** From the second Sunday of March to the first of November, at 2 o'clock local time. */
function isSummerInUs(atMs: number): boolean {
  // The end is at 2 o'clock daylight time, which is one hour earlier in UTC.
  const offsetH = civil(atMs).month < 7 ? 7 : 6;
  return isWithin(atMs - offsetH * MS_PER_HOUR, { month: 3, nth: 2 }, { month: 11, nth: 1 });
}

type NthSunday = { readonly month: number; readonly nth: number };

function isWithin(atMs: number, from: NthSunday, to: NthSunday): boolean {
  const { month } = civil(atMs);
  if (month === from.month) return sundayOf(atMs, from.nth) <= civil(atMs).day;
  if (month === to.month) return civil(atMs).day < sundayOf(atMs, to.nth);
  return from.month < month && month < to.month;
}

/** The day of the month of the first, second or last (-1) Sunday in the month of this time. */
function sundayOf(atMs: number, nth: number): number {
  const { day } = civil(atMs);
  const firstWeekday = (((weekday(atMs) - (day - 1)) % 7) + 7) % 7;
  const first = 1 + ((7 - firstWeekday) % 7);
  if (0 < nth) return first + 7 * (nth - 1);
  return first + 7 * Math.floor((daysInMonth(atMs) - first) / 7);
}

function civil(atMs: number): { readonly month: number; readonly day: number } {
  const text = dayFromMicros(Math.floor(atMs) * US_PER_MS);
  return { month: Number(text.slice(5, 7)), day: Number(text.slice(8, 10)) };
}

function daysInMonth(atMs: number): number {
  const { month, day } = civil(atMs);
  let last = day;
  while (civil(atMs + (last + 1 - day) * MS_PER_DAY).month === month) last += 1;
  return last;
}
