/**
 * Inotify on the archive and its newest day folders, as a hint only: events are lost when the
 * queue overflows, when a folder is replaced, and on every share. Listing is what counts.
 */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { markFolder } from "./list-archive.ts";

export type ArchiveWatch = {
  /** Watches these day folders and no others; returns those whose watch is new: list them now. */
  watchDays(days: readonly string[]): readonly string[];
  close(): void;
};

export type ArchiveHints = {
  readonly onName: (day: string, name: string) => void;
  /** Something changed in the archive's root: a day may have begun. */
  readonly onRoot: () => void;
};

type Watched = { readonly watcher: FSWatcher; readonly identity: string };

export function watchArchive(archive: string, hints: ArchiveHints): ArchiveWatch {
  const watched = new Map<string, Watched>();
  const drop = (key: string) => {
    watched.get(key)?.watcher.close();
    watched.delete(key);
  };
  /** True when a new watch stands; a folder replaced under its name gets a new one. */
  const ensure = (key: string, path: string, onEvent: (name: string) => void): boolean => {
    const identity = identityOf(path);
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
    } catch {
      // No watches left or no support: listing goes on without hints.
      return false;
    }
  };
  return {
    watchDays(days) {
      ensure("", archive, hints.onRoot);
      for (const key of watched.keys()) if (key !== "" && !days.includes(key)) drop(key);
      return days.filter((day) =>
        ensure(day, join(archive, day), (name) => hints.onName(day, name)),
      );
    },
    close() {
      for (const key of watched.keys()) drop(key);
    },
  };
}

/** Device and inode: a folder replaced under its name is another one. */
function identityOf(path: string): string | null {
  return markFolder(path)?.split(":").slice(0, 2).join(":") ?? null;
}
