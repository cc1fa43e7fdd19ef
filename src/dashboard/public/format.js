/** Values as text, the same on all pages and on the command line. */
import { element } from "./dom.js";

let zone = "UTC";

/** Words of `dolphin status`, of health, of postures and of incidents; any other word is bad. */
const TONES = new Map([
  ...["Healthy", "APEX", "resolved", "info"].map((word) => [word, "good"]),
  ...["Warning", "Stale (upstream)", "Waiting", "Starting", "Stopped"].map((word) => [
    word,
    "warn",
  ]),
  ...["DEGRADED", "STALKER", "TURTLE", "warning"].map((word) => [word, "warn"]),
  ...Object.entries({ GREEN: "good" }),
]);

export function toneOf(word) {
  return TONES.get(word) ?? "bad";
}

export function badge(word, tone = toneOf(word)) {
  return element("span", { class: `badge ${tone}` }, word);
}

export function count(value) {
  return typeof value === "number" ? value.toLocaleString("en-US") : "-";
}

export function fixed(value, digits) {
  return typeof value === "number" ? value.toFixed(digits) : "-";
}

/** Seconds; below zero where a clock was set back meanwhile. */
export function duration(seconds) {
  if (typeof seconds !== "number") return "-";
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** For the ticks of an axis: all with as many digits as tell neighbours apart. */
export function tickTexts(ticks) {
  const [first, second] = ticks.filter((tick) => tick !== null);
  const apart = second === undefined ? Math.abs(first ?? 0) : Math.abs(second - first);
  // One more than their size: ticks may be 2.5 apart.
  const wanted = apart === 0 ? 0 : Math.ceil(-Math.log10(apart)) + 1;
  const digits = Math.min(12, Math.max(0, wanted));
  return ticks.map((tick) =>
    tick === null ? "" : tick.toLocaleString("en-US", { maximumFractionDigits: digits }),
  );
}

function milliseconds(value) {
  if (typeof value !== "number") return "-";
  const size = Math.abs(value);
  return size < 10 ? value.toFixed(2) : value.toFixed(size < 100 ? 1 : 0);
}

/** A time between two events, with its unit: of another clock's it may be hours, or below zero. */
export function latency(ms) {
  if (typeof ms !== "number") return "-";
  return Math.abs(ms) < 10_000 ? `${milliseconds(ms)} ms` : duration(ms / 1_000);
}

export function bytes(value) {
  if (typeof value !== "number") return "-";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${(value / 1_000 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`;
}

/** `form`: "time" for the time of day, "short" for month, day and minute, else all of it. */
export function timeText(ms, form = "full") {
  if (!Number.isFinite(ms)) return "-";
  const text = zone === "UTC" ? new Date(ms).toISOString() : localIso(ms);
  const [day, clock] = text.split("T");
  if (form === "time") return `${clock.slice(0, 8)} ${zone}`;
  if (form === "short") return `${day.slice(5)} ${clock.slice(0, 5)}`;
  return `${day} ${clock.slice(0, 8)} ${zone}`;
}

function localIso(ms) {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString();
}

/** A time that follows the switch between UTC and local; `at` is ISO text or milliseconds. */
export function time(at, form = "full") {
  const ms = typeof at === "string" ? Date.parse(at) : at;
  if (ms === null || !Number.isFinite(ms)) return "-";
  const node = element("time", { datetime: new Date(ms).toISOString(), data: { ms, form } });
  node.textContent = timeText(ms, form);
  return node;
}

/** "UTC" or "local". */
export function setZone(next) {
  zone = next;
  for (const node of document.querySelectorAll("time[data-ms]")) {
    node.textContent = timeText(Number(node.dataset.ms), node.dataset.form);
  }
}
