/** Tells of writes to the segments of a log, so that a reader need not look again and again. */
import { type FSWatcher, watch } from "node:fs";

export type LogWatch = {
  /** Whether writes are told; otherwise a reader has to look for itself. */
  readonly isTelling: () => boolean;
  /** In place of a folder that was removed or replaced, which tells nothing. */
  readonly renew: () => void;
  readonly close: () => void;
};

/** `onWrite` is called for each write, which may be many of one append. Shares tell nothing of writes of other hosts. */
export function watchLog(folder: string, onWrite: () => void): LogWatch {
  let watcher: FSWatcher | null = null;
  const close = (): void => {
    watcher?.close();
    watcher = null;
  };
  const open = (): void => {
    close();
    try {
      watcher = watch(folder, { persistent: false }, onWrite);
      watcher.on("error", close);
    } catch {
      // No folder yet, or no more watches for this user.
      close();
    }
  };
  open();
  return { isTelling: () => watcher !== null, renew: open, close };
}
