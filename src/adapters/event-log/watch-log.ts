/** Notifies of writes to the segments of a log, so that a reader need not poll it. */
import { type FSWatcher, watch } from "node:fs";

export type LogWatch = {
  /** Whether writes are notified; otherwise a reader has to poll. */
  readonly isNotifying: () => boolean;
  /** In place of a folder that was removed or replaced, which notifies nothing. */
  readonly renew: () => void;
  readonly close: () => void;
};

/** `onWrite` is called for each write, which may be many of one append. Shares notify nothing of writes of other hosts. */
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
  return { isNotifying: () => watcher !== null, renew: open, close };
}
