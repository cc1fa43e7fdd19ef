/** The state of the books, from their traders' local sockets: requested periodically, and never waited for. */
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import { monotonicMs } from "../../adapters/clock.ts";

export type WatchedState = {
  readonly latched: readonly string[];
  readonly halted: boolean;
  readonly equity: number;
  readonly positions: number;
  readonly state: string;
};

export type WatchedBook = { readonly book: string; readonly service: string };

const EVERY_MS = 5_000;
const LIMITS = { withinMs: 2_000, answerCharsMax: 4 * 1_048_576 };

export function watchBooks(dataDir: string, books: readonly WatchedBook[]) {
  const found: Record<string, WatchedState | null> = {};
  let askedMs = Number.NEGATIVE_INFINITY;
  const ask = async ({ book, service }: WatchedBook): Promise<void> => {
    try {
      const line = JSON.stringify({ command: "status", id: "watchdog" });
      found[book] = stateIn(await askControl(controlSocketPath(dataDir, service), line, LIMITS));
    } catch {
      found[book] = null;
    }
  };
  return (): Readonly<Record<string, WatchedState | null>> => {
    if (EVERY_MS <= monotonicMs() - askedMs) {
      askedMs = monotonicMs();
      void Promise.all(books.map(ask));
    }
    return found;
  };
}

/** Null: not a status of a book. */
function stateIn(line: string): WatchedState | null {
  const { status }: { status?: unknown } = Object(JSON.parse(line));
  const { latched, halted, equity, positions, state }: Partial<Record<string, unknown>> =
    Object(status);
  if (!Array.isArray(latched) || typeof equity !== "number") return null;
  return {
    latched: latched.map(String),
    halted: halted === true,
    equity,
    positions: Array.isArray(positions) ? positions.length : 0,
    state: String(state),
  };
}
