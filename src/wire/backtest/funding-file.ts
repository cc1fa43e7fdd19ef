/**
 * Reads the funding rates of an archive: `funding.csv` beside its day folders, one line for each settlement and
 * asset. Columns are found by Binance's names: `asset` or `symbol`, `time` or `fundingTime`, `rate` or
 * `fundingRate`. A time is ISO-8601 or milliseconds. Other columns are ignored.
 */
import type { FundingRate } from "../../domain/trading/portfolio/carry.ts";

export const FUNDING_FILE = "funding.csv";

const NAMES = {
  asset: ["asset", "symbol"],
  time: ["time", "fundingTime"],
  rate: ["rate", "fundingRate"],
} as const;
/** A rate above this in eight hours is a percentage that was mistaken for a fraction. */
const RATE_MAX = 1;

/** In order of time, then of lines. @throws {Error} that names the line and what is wrong there. */
export function parseFunding(text: string): readonly FundingRate[] {
  const [head = "", ...lines] = text.split(/\r?\n/);
  const columns = head.split(",").map((name) => name.trim());
  const placeOf = (kind: keyof typeof NAMES): number => {
    const place = columns.findIndex((name) => NAMES[kind].some((known) => known === name));
    if (place !== -1) return place;
    throw new Error(`no column ${NAMES[kind].join(" or ")} in its first line: '${head}'`);
  };
  const [asset, time, rate] = [placeOf("asset"), placeOf("time"), placeOf("rate")];
  const rates: FundingRate[] = [];
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const cells = line.split(",").map((cell) => cell.trim());
    const read = {
      asset: cells[asset] ?? "",
      atMs: timeOf(cells[time] ?? ""),
      rate: cells[rate] === "" ? Number.NaN : Number(cells[rate]),
    };
    const isRate = Math.abs(read.rate) < RATE_MAX && Number.isFinite(read.atMs);
    if (read.asset === "" || !isRate) {
      throw new Error(`line ${at + 2} is no asset, time and rate (a share below 1): '${line}'`);
    }
    rates.push(read);
  }
  return rates.toSorted((one, other) => one.atMs - other.atMs);
}

/** A time without a zone is read as UTC, whatever the zone of the machine. */
function timeOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const isLocal = text.includes(":") && !/(?:z|[+-]\d{2}:?\d{2})$/i.test(text);
  return Date.parse(isLocal ? `${text}Z` : text);
}
