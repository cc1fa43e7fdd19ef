/** Turns a line of any log file, ours or a server's, into one readable line with a time to sort by. */
import { LogLine } from "../../wire/log-line.ts";
import { paint, printable, type Colour } from "./terminal.ts";

export type TimedLine = {
  readonly timeMs: number;
  readonly source: string;
  readonly raw: string;
};

/** Gives each line its time; one without a time of its own happened right after the one before it. */
export function timed(source: string, raws: readonly string[], beforeMs: number): TimedLine[] {
  let timeMs = beforeMs;
  return raws.map((raw) => {
    timeMs = timeOf(raw) ?? timeMs;
    return { timeMs, source, raw };
  });
}

/** Merges lines by time; those of one source stay in their order. */
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

const LEVEL_COLOURS: Readonly<Record<string, Colour>> = {
  warn: "yellow",
  error: "red",
  fatal: "red",
  debug: "dim",
  trace: "dim",
};

/** One line: time, level, where it comes from (if asked), message, further fields. */
export function renderLine(line: TimedLine, withSource: boolean): string {
  const source = withSource ? `${line.source.padEnd(12)} ` : "";
  const parsed = parse(line.raw);
  const clock = new Date(line.timeMs).toISOString().replace("T", " ").replace("Z", "");
  if (parsed === null) return `${paint("dim", clock)}       ${source}${printable(line.raw)}`;
  const { level, msg, time: _time, service: _service, pid: _pid, ...fields } = parsed;
  const word = paint(LEVEL_COLOURS[level.toLowerCase()] ?? "plain", level.toUpperCase().padEnd(5));
  const rest = Object.entries(fields)
    .map(([key, value]) => ` ${printable(key)}=${valueText(value)}`)
    .join("");
  return `${paint("dim", clock)} ${word} ${source}${printable(msg)}${paint("dim", rest)}`;
}

function parse(raw: string): LogLine | null {
  if (!raw.startsWith("{")) return null;
  try {
    return LogLine.parse(JSON.parse(raw));
  } catch {
    return null;
  }
}

function valueText(value: unknown): string {
  if (typeof value === "string") return printable(value);
  if (typeof value === "object" && value !== null && "message" in value) {
    return printable(String(value.message));
  }
  return printable(JSON.stringify(value));
}
