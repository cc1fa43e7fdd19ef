/**
 * One event stream for all pages, and each page's own requests; a lost connection is reported at once. A hidden tab
 * has no stream, because a browser opens at most six connections to a server for all of its tabs.
 */
import { useClock } from "./age.js";

/** The server sends something each second. */
const SILENT_MS_MAX = 5_000;
const REOPEN_MS = 10_000;
const ANSWER_MS = 10_000;
const BEATS_KEPT = 30;
const LOST = "Lost connection to the dashboard: what you see is old. Trying again.";
const EVENTS = ["beat", "overview", "scan", "overview-problem", "scan-problem"];

export function openLive() {
  const hearers = new Map();
  const last = new Map();
  const watchers = new Set();
  const clock = serverClock();
  let source = null;
  let heardAt = performance.now();
  let openedAt = performance.now();
  let lost = null;

  const say = (next) => {
    if (lost === next) return;
    lost = next;
    for (const tell of watchers) tell(lost);
  };
  const tellAll = (name, value) => {
    last.set(name, value);
    for (const tell of hearers.get(name) ?? []) tell(value);
  };
  const hear = (name, text) => {
    const { at_ms: atMs, value } = JSON.parse(text);
    heardAt = performance.now();
    say(null);
    if (name === "beat") clock.beat(atMs, value.pid);
    tellAll(name, value);
    // Pages may subscribe to the status alone.
    if (name === "overview") tellAll("status", value.status);
  };
  const open = () => {
    source?.close();
    source = null;
    if (document.hidden) return;
    openedAt = performance.now();
    source = new EventSource("/api/live");
    for (const name of EVENTS) source.addEventListener(name, (event) => hear(name, event.data));
    source.addEventListener("error", () => say(LOST));
  };
  document.addEventListener("visibilitychange", () => {
    // Not listening is not a lost connection.
    heardAt = performance.now();
    open();
  });
  open();
  setInterval(() => {
    if (source === null) return;
    const nowAt = performance.now();
    if (SILENT_MS_MAX < nowAt - heardAt) say(LOST);
    // A browser gives up after some errors, and a connection may be dead without one.
    if (REOPEN_MS < nowAt - Math.max(heardAt, openedAt)) open();
  }, 1_000);
  useClock(clock.now);
  return {
    now: clock.now,
    last: (name) => last.get(name) ?? null,
    on(name, tell) {
      if (!hearers.has(name)) hearers.set(name, new Set());
      hearers.get(name).add(tell);
      if (last.has(name)) tell(last.get(name));
      return () => hearers.get(name).delete(tell);
    },
    onConnection(tell) {
      watchers.add(tell);
      tell(lost);
      return () => watchers.delete(tell);
    },
  };
}

/** Estimates the server's clock from its beats. */
function serverClock() {
  let offsets = [0];
  let pid = null;
  return {
    now: () => Date.now() - Math.min(...offsets),
    beat(atMs, from) {
      // The smallest difference has the least latency: events replayed to a new listener are older. Only recent ones,
      // because a clock may be set.
      offsets = [...(pid === from ? offsets : []), Date.now() - atMs].slice(-BEATS_KEPT);
      pid = from;
    },
  };
}

/**
 * A page's interface: like `live`, but everything ends with the page. `get(path)` returns JSON, or throws the
 * server's message; `poll({path, everyMs, draw, fail})` requests repeatedly, except while the page is hidden.
 */
export function scopeOf(live) {
  const over = new AbortController();
  const ends = [];
  const until = (end) => {
    ends.push(end);
    return end;
  };
  const get = async (path) => {
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(path, { signal });
    if (!response.ok) throw new Error((await response.text()).trim());
    return response.json();
  };
  return {
    now: live.now,
    last: live.last,
    signal: over.signal,
    on: (name, tell) => until(live.on(name, tell)),
    onConnection: (tell) => until(live.onConnection(tell)),
    onEnd: (act) => void ends.push(act),
    get,
    /** `path` is a text, or a function that returns it. Returns a function that requests at once. */
    poll({ path, everyMs, draw, fail = () => undefined }) {
      let timer = null;
      let isDrawn = false;
      let turns = 0;
      const turn = async () => {
        clearTimeout(timer);
        // Only the answer to the latest request is drawn.
        const mine = (turns += 1);
        const isOld = () => over.signal.aborted || mine !== turns;
        try {
          if (!document.hidden || !isDrawn) {
            const value = await get(typeof path === "function" ? path() : path);
            if (isOld()) return;
            draw(value);
            isDrawn = true;
          }
        } catch (error) {
          if (isOld()) return;
          fail(error);
        }
        timer = setTimeout(() => void turn(), everyMs);
      };
      until(() => clearTimeout(timer));
      void turn();
      return () => void turn();
    },
    end() {
      over.abort();
      for (const end of ends) end();
    },
  };
}
