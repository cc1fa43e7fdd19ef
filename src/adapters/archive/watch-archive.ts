/**
 * Inotify on the archive and its newest day folders, only as a hint: events are lost when the queue overflows, when a
 * folder is replaced, and on every network share. Correctness comes from listing.
 */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { markFolder } from "./list-archive.ts";

export type ArchiveWatch = {
  /** The kernel limit because of which folders are not watched; null when all are. */
  shortOf(): string | null;
  /** Watches exactly these day folders; returns those whose watch is new, which must be listed now. */
  watchDays(days: readonly string[]): readonly string[];
  close(): void;
};

export type ArchiveHints = {
  readonly onName: (day: string, name: string) => void;
  /** A day folder appeared or disappeared; other files in the archive's root are ignored. */
  readonly onRoot: () => void;
};

/** Rate limit, for folders that are created and deleted repeatedly. */
const ROOT_HINT_EVERY_MS = 250;

/** The exhausted inotify resource, by error code. */
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
  /** True when a watch was created; a folder that was replaced under its name gets a new one. */
  const ensure = (key: string, path: string, onEvent: (name: string) => void): boolean => {
    const identity = identityOf(path);
    // Its identity cannot be read now; listing will report why.
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
      // Out of watches, or unsupported: listing continues without hints.
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

/** Calls at once; further calls within the interval become one call at its end. */
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

/** Device and inode, which differ for a folder that was replaced under its name; null when it is gone. */
function identityOf(path: string): string | null {
  try {
    return markFolder(path)?.split(":").slice(0, 2).join(":") ?? null;
  } catch {
    return "unknown";
  }
}
