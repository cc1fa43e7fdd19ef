/** The log of one process: JSON lines in its own file, redacted, bounded, and never the cause of a failure. */
import { pino, type Logger as PinoLogger } from "pino";
import { isoFromMicros } from "../domain/time.ts";
import { LogLine } from "../wire/log-line.ts";
import { redact, redactText } from "../wire/redaction.ts";
import { wallMicros } from "./clock.ts";
import { openRotatingFile } from "./files/rotating-file.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";
export type LoggerOptions = {
  readonly file: string;
  /** The service's name, in every line. */
  readonly name: string;
  readonly level?: LogLevel;
  readonly rotateMb?: number;
  readonly rotateFiles?: number;
};
/** Without `child`: pino writes a child's fields without redaction. */
export type Logger = Pick<PinoLogger, LogLevel> & {
  /** Lines that could not be written. */
  readonly dropped: () => number;
  readonly close: () => void;
};

export const LOG_LINE_BYTES_MAX = 8_192;
const BYTES_PER_MB = 1_000_000;
// An escaped character takes six bytes at most.
const MESSAGE_CHARACTERS_KEPT = 1_200;

export function createLogger(options: LoggerOptions): Logger {
  const base = { service: options.name, pid: process.pid };
  const file = openRotatingFile({
    file: options.file,
    bytesMax: (options.rotateMb ?? 50) * BYTES_PER_MB,
    filesMax: options.rotateFiles ?? 10,
    lossLine: (lines, reason) =>
      lineOf({ level: "warn", time: now(), ...base, msg: `[Log] ${lines} lines lost: ${reason}` }),
  });
  const logger = pino(
    {
      level: options.level ?? "info",
      base,
      timestamp: () => `,"time":"${now()}"`,
      formatters: {
        level: (level) => ({ level }),
        log: redact,
      },
    },
    { write: (line: string) => file.write(fit(redactText(line))) },
  );
  return Object.assign(logger, { dropped: file.dropped, close: file.close });
}

function now(): string {
  return isoFromMicros(wallMicros());
}

/**
 * Shortens the line to the limit and removes characters that a terminal interprets (JSON escapes only those below
 * U+0020).
 */
function fit(line: string): string {
  const safe = escapeControls(line);
  if (Buffer.byteLength(safe) <= LOG_LINE_BYTES_MAX) return safe;
  const { level, time, service, pid, msg } = LogLine.parse(JSON.parse(line));
  const kept = msg.slice(0, MESSAGE_CHARACTERS_KEPT);
  return escapeControls(
    lineOf({ level, time, service, pid, msg: kept, cut_from_bytes: Buffer.byteLength(safe) }),
  );
}

function escapeControls(line: string): string {
  return line.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function lineOf(fields: Record<string, unknown>): string {
  return `${JSON.stringify(fields)}\n`;
}
