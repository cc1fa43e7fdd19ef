/**
 * Live updates for every open page as server-sent events. Each source is read at its own interval once for all pages,
 * and only while a page listens. Invariants: a bounded number of listeners, and bounded buffers: a slow listener is
 * disconnected (its browser reconnects by itself).
 */
import type { ServerResponse } from "node:http";
import { wallMs } from "../adapters/clock.ts";
import { messageOf } from "../domain/failure.ts";

export type LiveSource = {
  readonly everyMs: number;
  /** Null: nothing new. An error is sent as that source's problem. */
  read(): unknown;
  /** Called when nobody listens any more, to release resources. */
  rest?(): void;
};
export type Live = {
  hasRoom(): boolean;
  /** The caller has checked that there is room, and has written the head. */
  join(response: ServerResponse): void;
  listeners(): number;
  close(): void;
};

const LISTENERS_MAX = 24;
const UNTAKEN_BYTES_MAX = 1_048_576;

type Running = { stop(): void };

export function createLive(sources: Readonly<Record<string, LiveSource>>): Live {
  const listeners = new Set<ServerResponse>();
  /** The last value of each source, for new listeners. */
  const last = new Map<string, string>();
  let running: readonly Running[] = [];
  let isOver = false;

  const leave = (listener: ServerResponse): void => {
    listeners.delete(listener);
    if (0 < listeners.size) return;
    for (const one of running) one.stop();
    running = [];
    // Nobody reads from now on, so they would become outdated.
    last.clear();
  };
  /** With our time, because a page's clock may differ. */
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
      // The connection is broken; the close event that follows removes it.
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

/** One reading after the other, never two at once; a value that arrives after the end is not sent. */
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
