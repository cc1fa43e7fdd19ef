/**
 * One event stream for all windows of a browser, which opens at most six connections to a server: one of the visible
 * windows holds it and relays it to the others. Invariants: a hidden window holds none, and takes none from another;
 * the holder disappears with its window, and a silent one, such as a frozen window, is replaced.
 */

const NAME = "dolphin-live";
/** A holder relays something each second, and at least every ten seconds that the stream is lost. */
const HOLDER_SILENT_MS = 15_000;

/** `hear(name, text)` receives each of `events`, `lose()` a lost stream; `anew()` is called after a long silence. */
export function openStream({ events, hear, lose }) {
  let channel = channelOfAll();
  const last = new Map();
  let source = null;
  let turn = null;
  let holderAt = performance.now();
  const tellOthers = (message) => channel?.postMessage(message);
  const close = () => {
    source?.close();
    source = null;
    last.clear();
  };
  const open = () => {
    close();
    source = sourceOf(events, {
      hear(name, text) {
        last.set(name, text);
        tellOthers({ name, text });
        hear(name, text);
      },
      lose() {
        tellOthers({ isLost: true });
        lose();
      },
    });
  };
  /** Waits for its turn, or takes it. */
  const begin = (isUrgent) => {
    turn?.abort();
    turn = null;
    close();
    if (document.hidden) return undefined;
    if (channel === null) return open();
    const mine = new AbortController();
    const { signal } = mine;
    turn = mine;
    holderAt = performance.now();
    const hold = () => {
      if (signal.aborted) return null;
      open();
      return new Promise((release) => signal.addEventListener("abort", release, { once: true }));
    };
    navigator.locks.request(NAME, isUrgent ? { steal: true } : { signal }, hold).catch((error) => {
      if (turn !== mine) return;
      // Else another window has taken it, and relays to this one from now on.
      if (error.name !== "AbortError") channel = leave(channel);
      begin(false);
    });
    tellOthers({ isAsked: true });
  };
  channel?.addEventListener("message", ({ data: { name, text, isLost, isAsked } }) => {
    const asked = isAsked && source !== null ? last : [];
    for (const [one, value] of asked) tellOthers({ name: one, text: value });
    if (document.hidden || isAsked || source !== null) return;
    holderAt = performance.now();
    if (isLost) lose();
    else hear(name, text);
  });
  document.addEventListener("visibilitychange", () => begin(false));
  begin(false);
  return {
    anew() {
      if (source !== null || channel === null) open();
      else if (HOLDER_SILENT_MS < performance.now() - holderAt) begin(true);
    },
  };
}

/** Null: this window has its own stream. A browser that stores nothing for a site gives it no channel, or no locks. */
function channelOfAll() {
  if (globalThis.navigator?.locks === undefined) return null;
  try {
    return new BroadcastChannel(NAME);
  } catch {
    return null;
  }
}

function leave(channel) {
  channel?.close();
  return null;
}

function sourceOf(events, { hear, lose }) {
  const source = new EventSource("/api/live");
  for (const name of events) source.addEventListener(name, ({ data }) => hear(name, data));
  source.addEventListener("error", lose);
  return source;
}
