/** Server events for all pages, and the requests of each page; a lost connection is shown at once. */
import { useClock } from "./age.js";
import { openStream } from "./frame/stream.js";

/** The server sends something each second. */
const SILENT_MS_MAX = 5_000;
const REOPEN_MS = 10_000;
const ANSWER_MS = 10_000;
const BEATS_KEPT = 30;
const CLOCK_SET_MS = 5_000;
const LOST = "Lost connection to the dashboard: the values below are old. Trying again.";
const EVENTS = ["beat", "overview", "scan", "overview-problem", "scan-problem"];

/** `version`: of the files that this page was loaded from. */
export function openLive(version) {
  const hearers = new Map();
  const last = new Map();
  const watchers = new Set();
  const clock = serverClock();
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
    if (name === "beat") {
      clock.beat(atMs, value.pid);
      const isOutdated = version !== value.page;
      if (last.get("outdated") !== isOutdated) tellAll("outdated", isOutdated);
    }
    // Pages may request only the status, and links of the overview are made from it.
    if (name === "overview") tellAll("status", value.status);
    tellAll(name, value);
  };
  const stream = openStream({ events: EVENTS, hear, lose: () => say(LOST) });
  document.addEventListener("visibilitychange", () => {
    // Not listening is not a lost connection.
    heardAt = performance.now();
  });
  setInterval(() => {
    if (document.hidden) return;
    const nowAt = performance.now();
    if (SILENT_MS_MAX < nowAt - heardAt) say(LOST);
    // A browser gives up after some errors, and a connection may be dead without one.
    if (nowAt - Math.max(heardAt, openedAt) <= REOPEN_MS) return;
    openedAt = nowAt;
    stream.anew();
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

/** The server's clock as of its beats, advanced by a clock that is not affected when this machine's time is set. */
function serverClock() {
  let offsets = [];
  let pid = null;
  return {
    now: () => (offsets.length === 0 ? Date.now() : performance.now() - Math.min(...offsets)),
    beat(atMs, from) {
      const offset = performance.now() - atMs;
      // No transport takes this long: the server's clock was set back, or these beats were sent before a sleep and
      // newer ones follow.
      const isSet = 0 < offsets.length && CLOCK_SET_MS < offset - Math.min(...offsets);
      // The shortest transport time: what is relayed to a late window is older.
      offsets = [...(pid === from && !isSet ? offsets : []), offset].slice(-BEATS_KEPT);
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
