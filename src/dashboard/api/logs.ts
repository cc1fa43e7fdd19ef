/** The last lines of the logs, optionally those that contain a text: only the end of each file is searched. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { lastLines } from "../../adapters/files/log-files.ts";
import { parseLogLine, timed, type TimedLine } from "../../wire/log-line.ts";
import { redact, redactText } from "../../wire/redaction.ts";
import type { Topic } from "../world.ts";

type ShownLine = {
  /** A line without a time has that of the line before it; 0: no line of its log has one. */
  readonly at_ms: number;
  readonly level: string;
  readonly source: string;
  readonly text: string;
};

const LOG_FILE = /^([a-z0-9-]+)\.(log|out|err)$/;
const FILES_MAX = 60;
const LINES_SHOWN = 400;
/** Lines searched when one log is requested, and when all are. */
const LINES_OF_ONE = 20_000;
const LINES_OF_EACH = 1_500;
/** A log without any time is placed at its last change: more of it would displace all others. */
const UNTIMED_LINES = 10;
const TEXT_CHARS_MAX = 1_500;
const SEARCH_CHARS_MAX = 200;

export const addLogs: Topic = (app, world) => {
  const folder = join(world.dataDir, "logs");
  app.get("/api/logs", (c) => {
    const name = c.req.query("name") ?? "";
    const search = (c.req.query("search") ?? "").slice(0, SEARCH_CHARS_MAX).toLowerCase();
    const level = c.req.query("level") ?? "";
    const files = filesIn(folder);
    const asked = name === "" ? files : files.filter((file) => file.name === name);
    const looked = name === "" ? LINES_OF_EACH : LINES_OF_ONE;
    const lines = asked.flatMap((file) => {
      const path = join(folder, file.entry);
      const own = timed(file.name, lastLines(path, looked), 0);
      const isTimed = own.at(-1)?.timeMs !== 0;
      const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      return (
        own
          // Only the redacted text is searched: a search in secrets would reveal them letter by letter.
          .filter(({ raw }) => search === "" || searchable(raw).includes(search))
          .map((line) => ({ timeMs: isTimed ? line.timeMs : changedMs, shown: shownLine(line) }))
          .filter(({ shown }) => level === "" || shown.level === level)
          .slice(isTimed || name !== "" ? 0 : -UNTIMED_LINES)
      );
    });
    const shown = lines.toSorted((a, b) => a.timeMs - b.timeMs).slice(-LINES_SHOWN);
    return c.json({
      names: [...new Set(files.map((file) => file.name))].toSorted(),
      looked_at: looked,
      found: lines.length,
      lines: shown.map((line) => line.shown),
    });
  });
};

function filesIn(folder: string) {
  let entries: readonly string[];
  try {
    entries = readdirSync(folder);
  } catch {
    return [];
  }
  const files = entries.flatMap((entry) => {
    const [, name] = LOG_FILE.exec(entry) ?? [];
    return name === undefined ? [] : [{ entry, name }];
  });
  return files.slice(0, FILES_MAX);
}

/** Every field, shown or not, except secrets. */
function searchable(raw: string): string {
  return redactText(withoutSecretFields(raw)).toLowerCase();
}

function withoutSecretFields(raw: string): string {
  if (!raw.startsWith("{")) return raw;
  try {
    return JSON.stringify(redact(Object(JSON.parse(raw))));
  } catch {
    return raw;
  }
}

function shownLine({ raw, source, timeMs }: TimedLine): ShownLine {
  const { level = "", msg = raw } = parseLogLine(raw) ?? {};
  return { at_ms: timeMs, level, source, text: redactText(msg).slice(0, TEXT_CHARS_MAX) };
}
