/**
 * Inotify on the archive and its newest day folders, as a hint only: events are lost when the
 * queue overflows, when a folder is replaced, and on every share. Listing is what counts.
 */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { markFolder } from "./list-archive.ts";

export type ArchiveWatch = {
  /** The kernel's limit that leaves folders without events; null when all are watched. */
  shortOf(): string | null;
  /** Watches these day folders and no others; returns those whose watch is new: list them now. */
  watchDays(days: readonly string[]): readonly string[];
  close(): void;
};

export type ArchiveHints = {
  readonly onName: (day: string, name: string) => void;
  /** A day's folder came or went; what is staged in the archive's root tells nothing. */
  readonly onRoot: () => void;
};

/** Folders that come and go over and over cost no more rounds than this. */
const ROOT_HINT_EVERY_MS = 250;

/** What inotify lacks when a watch cannot be had. */
const LIMITS = new Map([
  ["EMFILE", "fs.inotify.max_user_instances"],
  ["ENOSPC", "fs.inotify.max_user_watches"],
]);

type Watched = { readonly watcher: FSWatcher; readonly identity: string };

export function watchArchive(archive: string, hints: ArchiveHints): ArchiveWatch {
  const watched = new Map<string, Watched>();
  let shortOf: string | null = null;
  const root = atMostEvery(ROOT_HINT_EVERY_MS, hints.onRoot);
  const onRootEvent = (name: string): void => {
    if (isDayFolder(name)) root.call();
  };
  const drop = (key: string) => {
    watched.get(key)?.watcher.close();
    watched.delete(key);
  };
  /** True when a new watch stands; a folder replaced under its name gets a new one. */
  const ensure = (key: string, path: string, onEvent: (name: string) => void): boolean => {
    const identity = identityOf(path);
    // Whether it is the same one cannot be asked now; listing tells why.
    if (identity === "unknown") return false;
    if (identity === null) {
      drop(key);
      return false;
    }
    if (watched.get(key)?.identity === identity) return false;
    drop(key);
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (name !== null) onEvent(name);
      });
      watcher.on("error", () => drop(key));
      watched.set(key, { watcher, identity });
      return true;
    } catch (error) {
      // No watches left or no support: listing goes on without hints.
      shortOf = LIMITS.get(codeOf(error) ?? "") ?? shortOf;
      return false;
    }
  };
  return {
    watchDays(days) {
      shortOf = null;
      ensure("", archive, onRootEvent);
      for (const key of watched.keys()) if (key !== "" && !days.includes(key)) drop(key);
      return days.filter((day) =>
        ensure(day, join(archive, day), (name) => hints.onName(day, name)),
      );
    },
    shortOf: () => shortOf,
    close() {
      root.close();
      for (const key of watched.keys()) drop(key);
    },
  };
}

/** Calls at once, and what comes too soon after it once later, as one. */
function atMostEvery(ms: number, act: () => void) {
  let pause: NodeJS.Timeout | null = null;
  let isMissed = false;
  const call = (): void => {
    isMissed = pause !== null;
    if (isMissed) return;
    act();
    pause = setTimeout(() => {
      pause = null;
      if (isMissed) call();
    }, ms).unref();
  };
  return { call, close: () => clearTimeout(pause ?? undefined) };
}

/** Device and inode: a folder replaced under its name is another one; null when it is gone. */
function identityOf(path: string): string | null {
  try {
    return markFolder(path)?.split(":").slice(0, 2).join(":") ?? null;
  } catch {
    return "unknown";
  }
}
