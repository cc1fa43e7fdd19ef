/** Turns a line of any log file, ours or a server's, into one readable line. */
import { parseLogLine, type TimedLine } from "../../wire/log-line.ts";
import { paint, printable, type Colour } from "./terminal.ts";

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
  const parsed = parseLogLine(line.raw);
  const clock = new Date(line.timeMs).toISOString().replace("T", " ").replace("Z", "");
  if (parsed === null) return `${paint("dim", clock)}       ${source}${printable(line.raw)}`;
  const { level, msg, time: _time, service: _service, pid: _pid, ...fields } = parsed;
  const word = paint(LEVEL_COLOURS[level.toLowerCase()] ?? "plain", level.toUpperCase().padEnd(5));
  const rest = Object.entries(fields)
    .map(([key, value]) => ` ${printable(key)}=${valueText(value)}`)
    .join("");
  return `${paint("dim", clock)} ${word} ${source}${printable(msg)}${paint("dim", rest)}`;
}

function valueText(value: unknown): string {
  if (typeof value === "string") return printable(value);
  if (typeof value === "object" && value !== null && "message" in value) {
    return printable(String(value.message));
  }
  return printable(JSON.stringify(value));
}
