/** Times are integer microseconds or milliseconds since the Unix epoch, in UTC; text is ISO-8601. */

export const MS_PER_SECOND = 1_000;
export const MS_PER_MINUTE = 60_000;
export const MS_PER_HOUR = 3_600_000;
export const MS_PER_DAY = 86_400_000;
export const US_PER_MS = 1_000;
export const US_PER_SECOND = 1_000_000;

/**
 * Formats microseconds since the epoch as `2026-03-25T10:20:30.123456+00:00`.
 * The domain has no `Date`, so the civil date is computed (Hinnant's days-to-civil algorithm).
 */
export function isoFromMicros(micros: number): string {
  const days = Math.floor(micros / (MS_PER_DAY * US_PER_MS));
  const rest = micros - days * MS_PER_DAY * US_PER_MS;
  const seconds = Math.floor(rest / US_PER_SECOND);
  const fraction = Math.floor(rest - seconds * US_PER_SECOND);
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${dayFromEpochDays(days)}T${clock}.${pad(fraction, 6)}+00:00`;
}

/** Milliseconds may have a fraction. */
export function isoFromMs(ms: number): string {
  return isoFromMicros(Math.round(ms * US_PER_MS));
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(?:Z|([+-])(\d{2}):(\d{2}))?)?$/;

/** Whole milliseconds of an ISO-8601 time, which is UTC unless it says otherwise; NaN for another text. */
export function msFromIso(text: string): number {
  const found = ISO.exec(text);
  if (found === null) return NaN;
  const part = (at: number): number => Number(found[at] ?? 0);
  const minutes = part(4) * 60 + part(5);
  const offset = (part(9) * 60 + part(10)) * (found[8] === "-" ? -1 : 1);
  const ms = Math.floor(part(7) * MS_PER_SECOND + FLOAT_SLACK);
  const days = epochDaysOf({ year: part(1), month: part(2), day: part(3) });
  const ofDay = (minutes - offset) * MS_PER_MINUTE + part(6) * MS_PER_SECOND + ms;
  return days * MS_PER_DAY + ofDay;
}

/** In binary, .007 of a second is 6.999... milliseconds. */
const FLOAT_SLACK = 1e-6;

/** Hinnant's days-from-civil algorithm. */
function epochDaysOf(civil: { year: number; month: number; day: number }): number {
  const year = civil.month <= 2 ? civil.year - 1 : civil.year;
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const monthShifted = civil.month <= 2 ? civil.month + 9 : civil.month - 3;
  const dayOfYear = Math.floor((153 * monthShifted + 2) / 5) + civil.day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The UTC day of a time, as in the archive's folder names: `2026-03-25`. */
export function dayFromMicros(micros: number): string {
  return dayFromEpochDays(Math.floor(micros / (MS_PER_DAY * US_PER_MS)));
}

function dayFromEpochDays(epochDays: number): string {
  const shifted = epochDays + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthShifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthShifted + 2) / 5) + 1;
  const month = monthShifted < 10 ? monthShifted + 3 : monthShifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** With leading zeros. */
export function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
