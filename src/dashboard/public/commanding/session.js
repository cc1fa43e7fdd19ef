/**
 * This page's session, opened with the token. The browser keeps the first of its two secrets in a cookie that scripts
 * can't read, and this page the second, which no other port of this host receives.
 */
const KEPT = "dolphin.second";
const ANSWER_MS = 130_000;
const POLL_EVERY_MS = 30_000;
/** Sent twice, these would be executed twice or refused, unless they have the same id. The others only set a state. */
const COUNTED = new Set(["enter", "restart", "mute", "unmute"]);
const REPEATED_WITHIN_MS = 600_000;
/** Ids of such commands with an unknown outcome, by what was sent. */
const unsettled = new Map();
const watchers = new Set();
let session = null;

export function onSession(tell) {
  watchers.add(tell);
  tell(session);
}

/** Returns the server's answer; `ok` is false where it was not done, or the outcome is unknown. */
export async function send(name, input = {}) {
  const key = JSON.stringify([name, input]);
  const id = repeatedId(key) ?? crypto.randomUUID();
  const { code, ...answer } = await post(name, { id, input });
  const isSettled = code !== null && code < 500;
  if (isSettled) unsettled.delete(key);
  else if (COUNTED.has(name)) unsettled.set(key, { id, at: performance.now() });
  if (code === 401) drop();
  else if (name !== "session") void poll();
  return { ok: false, says: "an answer without a text", ...answer };
}

/** Null: an identical earlier command is settled, or so long ago that a new one is meant. */
function repeatedId(key) {
  const found = unsettled.get(key);
  return found !== undefined && performance.now() - found.at < REPEATED_WITHIN_MS ? found.id : null;
}

export async function signOut() {
  const answer = await send("logout");
  drop();
  return answer;
}

/** Signs in with the token in the address, now or later; else with the stored session. */
export async function openSession(tell) {
  const take = async () => {
    const taken = await takeToken();
    if (taken !== null) tell(taken);
    return taken !== null;
  };
  addEventListener("storage", (event) => {
    if (event.key === KEPT) void poll();
  });
  setInterval(() => void poll(), POLL_EVERY_MS);
  addEventListener("hashchange", () => void take());
  if (!(await take())) await poll();
}

async function takeToken() {
  const [, token] = /^#token=(.*)$/.exec(location.hash) ?? [];
  if (token === undefined) return null;
  history.replaceState(null, "", `${location.pathname}#/overview`);
  const { ok, says, second, ...described } = await post("login", { token });
  if (!ok) return { ok, says };
  keep(second);
  put(described);
  return { ok, says: `${says}: this page takes commands now` };
}

async function poll() {
  if (kept() === null) {
    put(null);
    return;
  }
  const { code, ...described } = await post("session", {});
  if (code === 200) put(described);
  if (code === 401) drop();
}

function put(next) {
  if (JSON.stringify(next) === JSON.stringify(session)) return;
  session = next;
  for (const tell of watchers) tell(session);
}

function drop() {
  keep(null);
  put(null);
}

async function post(name, body) {
  try {
    const response = await fetch(`/command/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-dolphin-session": kept() ?? "" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { ...(await response.json()), code: response.status };
  } catch (error) {
    const says = `the dashboard gave no answer (${error.message}): it may or may not have been executed`;
    return { ok: false, says, code: null };
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(second) {
  try {
    if (second === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, second);
  } catch {
    // A browser without storage signs in again on each page load.
  }
}
