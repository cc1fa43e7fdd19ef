/** The ends of the logs, with a search. Log content is shown as plain text. */
import { age } from "../age.js";
import { element, panel } from "../dom.js";
import { count, time } from "../format.js";

const EVERY_MS = 5_000;
const TYPING_MS = 300;

export function logsPart(live) {
  const node = panel("Logs");
  const name = element("select", { "aria-label": "Which log" }, option("", "all logs"));
  const level = element(
    "select",
    { "aria-label": "Level" },
    option("", "every level"),
    ...["error", "warn", "info"].map((word) => option(word, word)),
  );
  const search = element("input", {
    type: "search",
    placeholder: "find a text",
    "aria-label": "Find a text",
  });
  const summary = element("span", { class: "dim" });
  // Not announced as it grows: the announcement would never end.
  const lines = element("div", {
    class: "log",
    tabindex: "0",
    role: "log",
    "aria-live": "off",
    "aria-label": "Lines",
  });
  node.append(element("div", { class: "row" }, name, level, search, summary), lines);
  const path = () => {
    const asked = new URLSearchParams({
      name: name.value,
      level: level.value,
      search: search.value,
    });
    return `/api/logs?${asked}`;
  };
  let shown = "";
  const draw = (found) => {
    age(node.head, live.now(), 30);
    fillNames(name, found.names);
    summary.textContent = `${count(found.found)} lines of the last ${count(found.looked_at)} of each log`;
    const now = JSON.stringify(found.lines);
    if (now === shown) return;
    shown = now;
    const isAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
    lines.replaceChildren(...found.lines.map(lineNode));
    if (found.lines.length === 0) lines.textContent = "no line";
    if (isAtEnd) lines.scrollTop = lines.scrollHeight;
  };
  const again = live.poll({
    path,
    everyMs: EVERY_MS,
    draw,
    fail: (error) => (summary.textContent = `cannot be read: ${error.message}`),
  });
  let typing = null;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => again(), TYPING_MS);
  });
  live.onEnd(() => clearTimeout(typing));
  for (const select of [name, level]) select.addEventListener("change", again);
  return { node };
}

function option(value, text) {
  return element("option", { value }, text);
}

function fillNames(select, names) {
  const known = new Set([...select.options].map(({ value }) => value));
  select.append(...names.filter((name) => !known.has(name)).map((name) => option(name, name)));
}

function lineNode({ at_ms: atMs, level, source, text }) {
  return element(
    "div",
    { class: `line is-${/^(warn|error|fatal)$/.test(level) ? level : "plain"}` },
    element("span", { class: "dim" }, atMs === 0 ? "" : time(atMs), ` ${source} `),
    text,
  );
}
