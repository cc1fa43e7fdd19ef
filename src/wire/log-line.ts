/** One line of a log file, as DOLPHIN's own processes write it; other fields are the caller's. */
import { z } from "zod";
import { jsonOrNull } from "../domain/json-record.ts";

export const LogLine = z.looseObject({
  /** ISO-8601 UTC with six decimals. */
  time: z.string(),
  level: z.string(),
  /** The log of a server has neither field. */
  service: z.string().optional(),
  pid: z.number().optional(),
  msg: z.string().default(""),
});
export type LogLine = z.infer<typeof LogLine>;

/** Null: a line of a program with another log format. */
export function parseLogLine(text: string): LogLine | null {
  return text.startsWith("{") ? (LogLine.safeParse(jsonOrNull(text)).data ?? null) : null;
}

/** A line of any log file, ours or a server's, with a time to sort by. */
export type TimedLine = {
  readonly timeMs: number;
  readonly source: string;
  readonly raw: string;
};

/** Gives each line a time; a line without one gets that of the line before it. */
export function timed(source: string, raws: readonly string[], beforeMs: number): TimedLine[] {
  let timeMs = beforeMs;
  return raws.map((raw) => {
    timeMs = timeOf(raw) ?? timeMs;
    return { timeMs, source, raw };
  });
}

/** Merges lines by time; lines of one source keep their order. */
export function byTime(lines: readonly TimedLine[]): TimedLine[] {
  return lines.toSorted((a, b) => a.timeMs - b.timeMs);
}

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/;
const JAVA = /^[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d\s?[AP]M/;

function timeOf(raw: string): number | null {
  const text = JAVA.exec(raw)?.[0] ?? ISO.exec(raw.slice(0, 200))?.[0];
  const timeMs = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isFinite(timeMs) ? timeMs : null;
}
