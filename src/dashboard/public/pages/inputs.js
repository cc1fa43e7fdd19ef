/** Inputs: every feed with its age and budget, indicators over time, and the present order books. */
import { age } from "../age.js";
import { lines } from "../charts.js";
import { element, panel, table } from "../dom.js";
import { badge, count, duration, time } from "../format.js";
import { columns, figure, notice, picker } from "../views/figures.js";
import { foldable } from "../views/fold.js";
import { ladderPanel } from "../views/ladder.js";

export const title = "Inputs";

const NOW_EVERY_MS = 2_000;
/** A polled value is old when it was not read for this long. */
const READ_BUDGET_S = 15;
const HISTORY_EVERY_MS = 15_000;
const REFRESH = "'dolphin indicators refresh NAME' reads it now.";
const TONES = {
  fresh: "good",
  old: "warn",
  stale: "bad",
  never: "warn",
  disabled: "warn",
  unreadable: "bad",
};

export function mount(root, live) {
  const said = notice();
  const feeds = foldable(
    table(["Feed", "State", "As of", "Age", "Budget", "Source", "Why"], "Feeds"),
    { cellsOf: (row) => feedRow(row, live.now()), needsLook },
  );
  const readings = foldable(
    table(
      ["Indicator", "Value", "State", "As of", "Age", "Budget", "Source"],
      "Readings of the configured indicators",
    ),
    { cellsOf: readingRow, needsLook },
  );
  const charts = chartPanel(live);
  const ladder = ladderPanel(live);
  const panels = [panel("Feeds", {}, feeds.node), panel("Indicators", {}, readings.node)];
  root.append(element("section", {}, said.node), ...panels, charts.node, ladder.node);
  live.poll({
    path: "/api/inputs",
    everyMs: NOW_EVERY_MS,
    draw({ feeds: rows, indicators, orderBooks }) {
      for (const { head } of panels) age(head, live.now(), READ_BUDGET_S);
      const isStored = indicators.some(({ from }) => from === "store");
      said.say(
        rows === null
          ? `Hazelcast does not answer: no feed is known now${isStored ? ", and the readings are the last recorded ones" : ""}.`
          : null,
      );
      feeds.show(rows ?? [], "not known now");
      readings.show(
        indicators,
        "No indicator is configured, because each sends requests to an outside service. Add them to dolphin.yaml, such as 'indicators: { fear_greed: {} }', and run 'dolphin create'.",
      );
      charts.offer(indicators);
      ladder.offer(rows === null ? null : (orderBooks ?? {}));
    },
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
}

export function unmount() {
  // Everything opened for the page ends with it.
}

/** A row with a problem is never folded away. */
function needsLook({ state }) {
  return state !== "fresh" && state !== "disabled";
}

function stateBadge(state) {
  return badge(state, TONES[state] ?? "bad");
}

function ageCell(atMs, budgetS, word) {
  const node = element("span", {}, word);
  return age(node, atMs, budgetS);
}

function feedRow(row, nowMs) {
  const { feed, map, key, state, asOfMs, ageS, budgetS, staleS, source, problem } = row;
  // By the server's computation, which knows which of the two times counts.
  const atMs = ageS === null ? null : nowMs - ageS * 1_000;
  return [
    element("span", { title: `${map} ${key}` }, element("strong", {}, feed)),
    stateBadge(state),
    time(asOfMs ?? row.pushedMs, "time"),
    ageCell(atMs, budgetS, ""),
    `${duration(budgetS)}, stale ${duration(staleS)}`,
    source ?? "another program",
    problem ?? (state === "never" ? neverText(feed) : ""),
  ];
}

function neverText(feed) {
  return feed === "order book"
    ? "no book was pushed: 'dolphin start order-book', once it is configured"
    : "nothing was pushed yet";
}

function readingRow(row) {
  const { name, label, value, unit, state, as_of, warn_s, stale_s, source, note } = row;
  return [
    label === "" ? name : `${name}.${label}`,
    value === null
      ? "-"
      : element("span", {}, `${figure(value)} `, element("span", { class: "dim" }, unitText(unit))),
    stateBadge(state),
    time(as_of, "short"),
    ageCell(as_of, warn_s, ""),
    `${duration(warn_s)}, stale ${duration(stale_s)}`,
    `${source ?? "-"}${note === null ? "" : `: ${note}`}`,
  ];
}

/** Some say what their numbers mean: "0 is Sunday". */
function unitText(unit) {
  return /^\d/.test(unit) ? `(${unit})` : unit;
}

function chartPanel(live) {
  const said = notice();
  const chartNode = element("div", { hidden: true });
  const chart = lines(
    chartNode,
    [
      { label: "lowest", colour: "--second", width: 1, spanGaps: true },
      { label: "value", colour: "--accent", width: 2, spanGaps: true },
      { label: "highest", colour: "--warn", width: 1, spanGaps: true },
    ],
    { label: "The indicator's readings by the time at which they were true" },
  );
  live.onEnd(() => chart.end());
  const under = element("p", { class: "dim" });
  const budgets = new Map();
  const draw = (view) => {
    const series = picked.value();
    said.say(view === null ? `Nothing of ${series} was recorded yet: ${REFRESH}` : null);
    chartNode.hidden = view === null;
    const points = view?.points ?? { atMs: [], low: [], last: [], high: [] };
    chart.set(columns([points], [["low", "last", "high"]]));
    under.textContent = view === null ? "" : `${count(points.count)} readings, ${view.unit}`;
    age(node.head, points.atMs.at(-1) ?? null, budgets.get(series) ?? 0);
  };
  const picked = picker(live, {
    label: "Indicator",
    path: (series) => `/api/inputs/history?series=${series}`,
    everyMs: HISTORY_EVERY_MS,
    draw,
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
  const row = element("p", { class: "row" }, picked.node);
  const node = panel("An indicator over time", {}, row, said.node, chartNode, under);
  said.say("No indicator has a reading yet.");
  const offer = (rows) => {
    for (const { name, label, warn_s: warnS } of rows) {
      budgets.set(label === "" ? name : `${name}.${label}`, warnS);
    }
    picked.offer(budgets.keys());
  };
  return { node, offer };
}
