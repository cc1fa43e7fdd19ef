/**
 * Who did what from the page: `<data-dir>/audit.log`, one JSON line when a command starts and one when it ends, with
 * the same id. (The watchdog's own audit of stops is `safety/audit.log`.) Invariant: no halt waits for this file.
 * Lines that a full disk refuses are counted, and reported in the next line.
 */
import { join } from "node:path";
import { openRotatingFile } from "../../adapters/files/rotating-file.ts";
import { isoFromMs } from "../../domain/time.ts";
import { redact, redactText } from "../../wire/redaction.ts";

export type CommandAuditLine = {
  /** Null: nobody was signed in. */
  readonly session: number | null;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: string | null;
  readonly outcome: "begun" | "done" | "partly" | "refused" | "failed" | "unknown";
  readonly says: string;
};

export type AuditLog = {
  write(line: CommandAuditLine, nowMs: number): void;
  close(): void;
};

const BYTES_MAX = 4_000_000;
const FILES_MAX = 5;
const SAYS_CHARS_MAX = 500;

export function auditPath(dataDir: string): string {
  return join(dataDir, "audit.log");
}

/** `user`: of this process, whom the operating system holds responsible. */
export function openAudit(
  dataDir: string,
  user: string,
  limits = { bytesMax: BYTES_MAX, filesMax: FILES_MAX },
): AuditLog {
  const file = openRotatingFile({
    file: auditPath(dataDir),
    ...limits,
    lossLine: (lines, reason) => lineOf({ via: "dashboard", outcome: "lost", lines, reason }),
  });
  return {
    write(line, nowMs) {
      const says = redactText(line.says).slice(0, SAYS_CHARS_MAX);
      const known = { ...line, arguments: redact(line.arguments), says };
      file.write(lineOf({ at: isoFromMs(nowMs), via: "dashboard", user, ...known }));
    },
    close: () => file.close(),
  };
}

function lineOf(fields: object): string {
  return `${JSON.stringify(fields)}\n`;
}
