/**
 * Folds messages that the Hazelcast client repeats while the cluster is away (several warnings per retry, two retries
 * a second): the first is logged at once, the rest of a time window as one line with a count, so that older history
 * stays in the log.
 */

type Level = "warn" | "error";
type Say = (level: Level, message: string) => void;
type Window = { level: Level; last: string; repeats: number; timer: NodeJS.Timeout };

export const FOLD_WINDOW_MS = 60_000;
/** Number of distinct messages; beyond it the oldest is logged and forgotten. */
const KINDS_MAX = 100;

export function foldRepeats(say: Say): { readonly say: Say; readonly flush: () => void } {
  const windows = new Map<string, Window>();
  const tell = ({ level, last, repeats }: Window) => {
    if (repeats === 1) say(level, last);
    if (1 < repeats) say(level, `${last} (${repeats} like this, within a minute)`);
  };
  const end = (kind: string, window: Window) => {
    clearTimeout(window.timer);
    windows.delete(kind);
    tell(window);
  };
  const open = (kind: string, level: Level): void => {
    const onEnd = () => {
      tell(window);
      // It continues: the next repeat is not a first one.
      if (0 < window.repeats) open(kind, level);
      else windows.delete(kind);
    };
    const timer = setTimeout(onEnd, FOLD_WINDOW_MS);
    timer.unref();
    const window: Window = { level, last: "", repeats: 0, timer };
    windows.set(kind, window);
  };
  return {
    say(level, message) {
      const kind = `${level} ${kindOf(message)}`;
      const window = windows.get(kind);
      if (window !== undefined) {
        window.last = message;
        window.repeats += 1;
        return;
      }
      for (const [oldest, its] of windows) {
        if (windows.size < KINDS_MAX) break;
        end(oldest, its);
      }
      open(kind, level);
      say(level, message);
    },
    flush() {
      for (const [kind, window] of windows) end(kind, window);
    },
  };
}

/** Attempts, times, ports and identifiers differ between retries. */
function kindOf(message: string): string {
  return message.replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, "#").replaceAll(/\d+(\.\d+)*/g, "#");
}
