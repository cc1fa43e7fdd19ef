/** Which names in the archive are scans: `YYYY-MM-DD/<name>.arrow`; dot-files and `*.tmp` are being written. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for a real UTC day: `2026-02-30` is a folder somebody made by mistake. */
export function isDayFolder(name: string): boolean {
  const match = DAY.exec(name);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
  return 1 <= day && day <= days;
}

export function isScanName(name: string): boolean {
  return name.endsWith(".arrow") && !name.startsWith(".");
}

/** The day before, as a folder name. */
export function previousDay(day: string): string {
  const match = DAY.exec(day);
  if (match === null) return day;
  const [year, month, date] = match.slice(1).map(Number) as [number, number, number];
  if (1 < date) return dayName(year, month, date - 1);
  if (month === 1) return dayName(year - 1, 12, 31);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 3 && leap ? 29 : (DAYS_IN_MONTH[month - 2] ?? 31);
  return dayName(year, month - 1, last);
}

function dayName(year: number, month: number, date: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(date)}`;
}
