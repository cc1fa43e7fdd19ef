/** Elements that the data pages share: choices, series as chart columns, figures as text. */
import { element, setText } from "../dom.js";

/** A choice as buttons that show which one is selected; `first`: at the beginning, else the first option. */
export function choice(label, options, { first = options[0][0], choose }) {
  let chosen = first;
  const buttons = options.map(([value, text]) =>
    element("button", { type: "button", on: { click: () => pick(value) }, data: { value } }, text),
  );
  const mark = () => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.value === chosen));
    }
  };
  const pick = (value) => {
    chosen = value;
    mark();
    choose(value);
  };
  mark();
  const node = element("span", { class: "choice", role: "group", "aria-label": label }, ...buttons);
  return { node, value: () => chosen };
}

/**
 * Series of the server as columns of one chart: seconds, then for each series its `fields`. A time that a series
 * lacks is not a gap in it.
 */
export function columns(list, fields) {
  const times = [...new Set(list.flatMap((series) => series.atMs))].toSorted((a, b) => a - b);
  const place = new Map(times.map((ms, at) => [ms, at]));
  const values = list.flatMap((series, number) =>
    fields[number].map((field) => {
      const column = Array(times.length).fill(undefined);
      series.atMs.forEach((ms, at) => {
        column[place.get(ms)] = series[field][at];
      });
      return column;
    }),
  );
  return [times.map((ms) => ms / 1_000), ...values];
}

/** A threshold's two sides, over the whole range of the data. */
export function withThreshold(data, threshold) {
  const level = (value) => data[0].map(() => value);
  return threshold === null
    ? [...data, level(null), level(null)]
    : [...data, level(threshold), level(-threshold)];
}

export function money(value) {
  if (typeof value !== "number") return "-";
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** With its sign and the matching colour. */
export function gain(value) {
  if (typeof value !== "number") return "-";
  const kind = value < 0 ? "loss" : "gain";
  return element("span", { class: kind }, `${value < 0 ? "" : "+"}${money(value)}`);
}

/** Enough digits to distinguish two prices of one asset. */
export function figure(value) {
  if (typeof value !== "number") return "-";
  const size = Math.abs(value);
  if (1e6 <= size) return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(6)));
}

export function percent(value, digits = 2) {
  return typeof value === "number" ? `${(100 * value).toFixed(digits)} %` : "-";
}

/** A tile with one figure and a line under it. */
export function tile(name) {
  const value = element("p", { class: "figure" }, "-");
  const under = element("p", { class: "dim" });
  const node = element("article", {}, element("h2", {}, name), value, under);
  return {
    node,
    set(text, line = "") {
      if (typeof text === "string") setText(value, text);
      else value.replaceChildren(text);
      setText(under, line);
    },
  };
}

/** A message in place of a chart or a table. */
export function notice() {
  const node = element("p", { class: "notice", role: "status", hidden: true });
  return {
    node,
    say(text) {
      node.hidden = text === null;
      setText(node, text ?? "");
    },
  };
}

/** The used share of a limit; `warns`: the share from which it is a warning. */
export function usage(share, label, warns) {
  const value = Math.min(1, Math.max(0, share));
  if (!warns) return element("meter", { min: 0, max: 1, value, "aria-label": label });
  return element("meter", {
    min: 0,
    max: 1,
    low: 0.7,
    high: 0.95,
    optimum: 0,
    value,
    "aria-label": label,
  });
}

export function progress(share, label) {
  return element("progress", { max: 1, value: share, "aria-label": label });
}

/** Not reachable by the Tab key: a table has one in each row. */
export function command(text) {
  return element("code", { class: "command" }, text);
}

/** A selection list, hidden until there are options; the selected one is then polled. */
export function picker(live, { label, path, everyMs, draw, fail }) {
  const offered = new Set();
  let again = null;
  const ask = () => {
    if (again !== null) return again();
    again = live.poll({ path: () => path(encodeURIComponent(node.value)), everyMs, draw, fail });
  };
  const node = element("select", { "aria-label": label, hidden: true, on: { change: ask } });
  const offer = (names) => {
    const fresh = [...new Set(names)].filter((name) => !offered.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) {
      offered.add(name);
      node.append(element("option", { value: name }, name));
    }
    node.hidden = false;
    if (again === null) ask();
  };
  return { node, offer, value: () => node.value };
}
