/**
 * One stream of events for all pages, and what each page asks besides; a lost connection is told at once. A tab that is
 * hidden has no stream: a browser opens six connections to a server at most, for all of its tabs together.
 */
import { useClock } from "./age.js";

/** The server tells something each second. */
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
    // Pages may ask for the status alone.
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
    // What was not listened to is not lost.
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

/** The server's clock by what its beats say. */
function serverClock() {
  let offsets = [0];
  let pid = null;
  return {
    now: () => Date.now() - Math.min(...offsets),
    beat(atMs, from) {
      // The least of what the way took: what is told to who comes late is older. Not of long ago: a clock may be set.
      offsets = [...(pid === from ? offsets : []), Date.now() - atMs].slice(-BEATS_KEPT);
      pid = from;
    },
  };
}

/**
 * What a page gets: as `live`, and all of it ends with the page. `get(path)` answers JSON, or throws what the server
 * said; `poll({path, everyMs, draw, fail})` asks now and again, not while the page is hidden.
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
    /** `path` is a text, or a function that makes it. Returns a function that asks at once. */
    poll({ path, everyMs, draw, fail = () => undefined }) {
      let timer = null;
      let isDrawn = false;
      let turns = 0;
      const turn = async () => {
        clearTimeout(timer);
        // Another question may have been asked since: its answer alone is drawn.
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
