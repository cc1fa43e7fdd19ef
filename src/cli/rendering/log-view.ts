/** The lines of several log files: the last ones, then new ones, in order of time. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { followFile, lastLines, type LogFollower } from "../../adapters/files/log-files.ts";
import { byTime, timed, type TimedLine } from "../../wire/log-line.ts";

export type LogView = {
  readonly folder: string;
  /** Null: every log in the folder, including later ones. */
  readonly name: string | null;
};

const POLL_MS = 250;
/** A process's log, and the output of it or its runtime on stdout and stderr. */
const LOG_FILE = /^([a-z0-9-]+)\.(log|out|err)$/;

/** The names of the logs that exist. */
export function logNames(folder: string): string[] {
  return [...new Set(logFiles({ folder, name: null }).map((file) => file.name))].toSorted();
}

export function lastOf(view: LogView, count: number): TimedLine[] {
  const lines = logFiles(view).flatMap(({ source, path }) => {
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return timed(source, lastLines(path, count), modifiedMs);
  });
  return byTime(lines).slice(lines.length - Math.min(count, lines.length));
}

/** Yields new lines in batches, until the signal. */
export async function* follow(view: LogView, signal: AbortSignal): AsyncGenerator<TimedLine[]> {
  const followers = new Map<string, LogFollower & { readonly source: string }>();
  let first = true;
  while (!signal.aborted) {
    for (const { source, path } of logFiles(view)) {
      if (followers.has(path)) continue;
      followers.set(path, { source, ...followFile(path, first ? "end" : "start") });
    }
    first = false;
    const nowMs = Date.now();
    const lines = [...followers.values()].flatMap(({ source, poll }) =>
      timed(source, poll(), nowMs),
    );
    if (lines.length > 0) yield byTime(lines);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  for (const follower of followers.values()) follower.close();
}

function logFiles(view: LogView): { name: string; source: string; path: string }[] {
  let entries: string[];
  try {
    entries = readdirSync(view.folder);
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const [, name, ending] = LOG_FILE.exec(entry) ?? [];
    if (name === undefined || (view.name !== null && view.name !== name)) return [];
    return [{ name, source: ending === "log" ? name : entry, path: join(view.folder, entry) }];
  });
}
