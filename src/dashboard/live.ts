/**
 * What happens now, told to every open page as server-sent events. Each source is read at its own pace once for all
 * pages, and only while a page listens. Invariants: a bounded number of listeners; what a slow one has not taken is
 * bounded, and beyond that it is let go (its browser connects again by itself).
 */
import type { ServerResponse } from "node:http";
import { wallMs } from "../adapters/clock.ts";
import { messageOf } from "../domain/failure.ts";

export type LiveSource = {
  readonly everyMs: number;
  /** Null: nothing new. What it throws is told as that source's problem. */
  read(): unknown;
  /** Nobody listens any more: what it holds open may go. */
  rest?(): void;
};
export type Live = {
  hasRoom(): boolean;
  /** The caller has seen that there is room, and has written the head. */
  join(response: ServerResponse): void;
  listeners(): number;
  close(): void;
};

const LISTENERS_MAX = 24;
const UNTAKEN_BYTES_MAX = 1_048_576;

type Running = { stop(): void };

export function createLive(sources: Readonly<Record<string, LiveSource>>): Live {
  const listeners = new Set<ServerResponse>();
  /** The last of each source, for who comes later. */
  const last = new Map<string, string>();
  let running: readonly Running[] = [];
  let isOver = false;

  const leave = (listener: ServerResponse): void => {
    listeners.delete(listener);
    if (0 < listeners.size) return;
    for (const one of running) one.stop();
    running = [];
    // Nobody looks from now on: it would be old.
    last.clear();
  };
  /** With our time: a page's clock may be another's. */
  const tell = (event: string, value: unknown): void => {
    const text = `event: ${event}\ndata: ${JSON.stringify({ at_ms: wallMs(), value })}\n\n`;
    last.set(event, text);
    for (const listener of listeners) send(listener, text);
  };
  const begin = (): void => {
    running = Object.entries(sources).map(([name, source]) => run(name, source, tell));
  };
  return {
    hasRoom: () => !isOver && listeners.size < LISTENERS_MAX,
    join(response) {
      response.on("close", () => leave(response));
      // Its connection is gone; the close that follows takes it off.
      response.on("error", () => undefined);
      listeners.add(response);
      for (const text of last.values()) send(response, text);
      if (listeners.size === 1) begin();
    },
    listeners: () => listeners.size,
    close() {
      isOver = true;
      for (const listener of listeners) listener.end();
    },
  };
}

function send(listener: ServerResponse, text: string): void {
  if (listener.writableLength <= UNTAKEN_BYTES_MAX) listener.write(text);
  else listener.destroy();
}

/** One reading after the other, never two at once; an answer that comes after the end is not told. */
function run(
  name: string,
  source: LiveSource,
  tell: (event: string, value: unknown) => void,
): Running {
  let isOver = false;
  let timer: NodeJS.Timeout | null = null;
  const turn = async (): Promise<void> => {
    try {
      const value = await source.read();
      if (!isOver && value !== null) tell(name, value);
    } catch (error) {
      if (!isOver) tell(`${name}-problem`, { problem: messageOf(error) });
    }
    if (!isOver) timer = setTimeout(() => void turn(), source.everyMs);
  };
  void turn();
  return {
    stop() {
      isOver = true;
      if (timer !== null) clearTimeout(timer);
      source.rest?.();
    },
  };
}
