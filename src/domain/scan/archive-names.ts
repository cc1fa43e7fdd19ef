/** Which names in the archive are scans: `YYYY-MM-DD/<name>.arrow`; dot-files and `*.tmp` are still being written. */
import { pad } from "../time.ts";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for a real UTC day: `2026-02-30` is a folder somebody made by mistake. */
export function isDayFolder(name: string): boolean {
  if (!DAY.test(name)) return false;
  const { year, month, day } = partsOf(name);
  return 1 <= day && day <= daysIn(year, month);
}

export function isScanName(name: string): boolean {
  return name.endsWith(".arrow") && !name.startsWith(".");
}

/** True for a name that was probably meant as a scan but is not one, such as `a.ARROW`. */
export function isNearlyScanName(name: string): boolean {
  return !isScanName(name) && !name.startsWith(".") && name.toLowerCase().endsWith(".arrow");
}

/** True for the path `YYYY-MM-DD/name` of a scan; false for a path that leads elsewhere. */
export function isScanFile(file: string): boolean {
  const slash = file.indexOf("/");
  const name = file.slice(slash + 1);
  return isDayFolder(file.slice(0, Math.max(0, slash))) && isScanName(name) && !name.includes("/");
}

/** False for a name that is not UTF-8: a listing reports it with U+FFFD, and no open finds it. */
export function isWholeName(name: string): boolean {
  return !name.includes("\ufffd");
}

/** `2026-03-25/a.arrow` -> the day. */
export function dayOfFile(file: string): string {
  return file.slice(0, file.indexOf("/"));
}

/** The day before, as a folder name. `day` must be a day folder. */
export function previousDay(day: string): string {
  const { year, month, day: date } = partsOf(day);
  if (1 < date) return dayName(year, month, date - 1);
  return month === 1
    ? dayName(year - 1, 12, 31)
    : dayName(year, month - 1, daysIn(year, month - 1));
}

/** The day after, as a folder name. `day` must be a day folder. */
export function nextDay(day: string): string {
  const { year, month, day: date } = partsOf(day);
  if (date < daysIn(year, month)) return dayName(year, month, date + 1);
  return month === 12 ? dayName(year + 1, 1, 1) : dayName(year, month + 1, 1);
}

/** The later of two days; null is none. */
export function laterDay(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? other : one;
}

function partsOf(day: string): { year: number; month: number; day: number } {
  const [year = 0, month = 0, date = 0] = day.split("-").map(Number);
  return { year, month, day: date };
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}

function dayName(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}
