/** Research: runs in progress with the remaining time, results, and the heatmap of a sweep. */
import { age } from "../age.js";
import { commandButton } from "../commands.js";
import { element, panel, table } from "../dom.js";
import { count, duration, fixed, time } from "../format.js";
import { workflowLink } from "../links.js";
import { command, notice, percent, progress } from "../views/figures.js";

export const title = "Research";

const RUNNING_EVERY_MS = 2_000;
const DONE_EVERY_MS = 10_000;
const CELLS_MAX = 2_500;

export function mount(root, live) {
  const running = runningPanel(live);
  const done = donePanel(live);
  root.append(running.node, done.map, done.node);
  live.poll({
    path: "/api/research/running",
    everyMs: RUNNING_EVERY_MS,
    draw: running.draw,
    fail: (error) => running.said.say(`Not read: ${error.message}`),
  });
  live.poll({
    path: "/api/research",
    everyMs: DONE_EVERY_MS,
    draw: done.draw,
    fail: (error) => done.said.say(`Not read: ${error.message}`),
  });
}

export function unmount() {
  // Everything opened for the page ends with it.
}

function runningPanel(live) {
  const said = notice();
  const rows = table(
    ["Run", "Kind", "Since", "Progress", "Done", "Left", "End it"],
    "Runs under way",
  );
  const node = panel("Under way", {}, said.node, rows.node);
  const draw = ({ runs, problem }) => {
    age(node.head, problem === null ? live.now() : null, 10);
    said.say(problem === null ? null : `${problem}. Running runs are not known now.`);
    rows.show(
      runs.map((run) => [
        workflowLink(live, run.workflowId),
        run.kind,
        time(run.startedMs, "short"),
        run.share === null ? "-" : progress(run.share, `${run.workflowId}: ${run.progress}`),
        run.progress,
        run.secondsLeft === null ? "-" : `${duration(run.secondsLeft)} left`,
        commandButton("Cancel", "cancel", { name: run.workflowId.replace(/^backtest-/, "") }),
      ]),
      problem === null
        ? "none is running: 'dolphin backtest run' and 'dolphin backtest sweep' start one"
        : "not known",
    );
  };
  return { node, said, draw };
}

function donePanel(live) {
  const said = notice();
  const rows = table(
    [
      "Name",
      "Kind",
      "Days",
      "Strategy",
      "Total",
      "Sharpe",
      "Max drawdown",
      "Trades",
      "Luck",
      "Took",
      "At",
      "See",
    ],
    "Finished runs and sweeps",
  );
  const more = element("p", { class: "dim" });
  const node = panel("Done", {}, said.node, rows.node, more);
  const map = mapPanel(live);
  const draw = ({ rows: all, leftOut }) => {
    age(node.head, live.now(), 30);
    said.say(null);
    rows.show(
      all.map((row) => doneRow(row, map)),
      "No run yet: 'dolphin backtest run --from 2026-03-25' tries BLUE's strategy on the archive.",
    );
    more.textContent =
      leftOut === 0 ? "" : `${count(leftOut)} older ones are in the data directory.`;
    const sweep = all.find(({ kind }) => kind === "sweep");
    if (sweep !== undefined) map.offer(sweep.name);
  };
  return { node, said, map: map.node, draw };
}

function doneRow(row, map) {
  const { name, kind, from, to, hasSheet, problem } = row;
  const links = [
    hasSheet
      ? element(
          "a",
          {
            href: `/research/${encodeURIComponent(name)}/tear-sheet.html`,
            target: "_blank",
            rel: "noopener noreferrer",
          },
          "tear sheet",
        )
      : null,
    kind === "sweep"
      ? element("button", { type: "button", on: { click: () => map.show(name) } }, "map")
      : null,
  ];
  if (kind === "unreadable" || kind === "unfinished") {
    const says = kind === "unfinished" ? "not finished" : `not readable: ${problem}`;
    return [
      name,
      says,
      ...Array(8).fill("-"),
      time(row.atMs, "short"),
      command(`dolphin backtest report ${name}`),
    ];
  }
  return [
    name,
    kind === "sweep" ? `sweep of ${count(row.sets)}` : "run",
    from === null && to === null ? "all" : `${from ?? "first"} to ${to ?? "last"}`,
    row.strategy,
    signed(row.total),
    fixed(row.sharpe, 2),
    percent(row.drawdownMax),
    count(row.trades),
    kind === "sweep" ? percent(row.deflatedSharpe, 1) : "-",
    duration(row.wallMs / 1_000),
    time(row.atMs, "short"),
    element("span", { class: "row" }, ...links),
  ];
}

function signed(share) {
  if (typeof share !== "number") return "-";
  const kind = share < 0 ? "loss" : "gain";
  return element("span", { class: kind }, `${share < 0 ? "" : "+"}${percent(share)}`);
}

function mapPanel(live) {
  const said = notice();
  const scroll = { class: "scroll", tabindex: "0", role: "group" };
  const body = element("div", { ...scroll, "aria-label": "Results by parameters" });
  const node = panel("Map of a sweep", { hidden: true }, said.node, body);
  const show = async (name) => {
    node.hidden = false;
    try {
      const map = await live.get(`/api/research/map?name=${encodeURIComponent(name)}`);
      const held = map.held.map((one) => `${one.name} = ${one.value}`).join(", ");
      const what = map.objective === "sharpe" ? "Sharpe ratio" : "total return";
      const rest = held === "" ? "" : `, with ${held} as in the best set`;
      said.say(`${map.name}: ${what}${rest}. The best set is framed.`);
      body.replaceChildren(heatMap(map));
    } catch (error) {
      said.say(error.message);
      body.replaceChildren();
    }
    node.dataset.name = name;
  };
  return { node, show, offer: (name) => void (node.hidden && show(name)) };
}

function heatMap({ down, across, cells, best, objective }) {
  const known = cells.flat().filter((cell) => cell !== null);
  const greatest = Math.max(1e-12, ...known.map(Math.abs).slice(0, CELLS_MAX));
  const text = (cell) => (objective === "sharpe" ? fixed(cell, 2) : percent(cell));
  const corner = down === null ? "" : `${down.name} \\ ${across.name}`;
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, down === null ? across.name : corner),
    ...across.values.map((value) => element("th", { scope: "col" }, String(value))),
  );
  const rows = cells.map((row, place) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, down === null ? "" : String(down.values[place])),
      ...row.map((cell, at) => {
        const isBest = best[0] === at && best[1] === place;
        const td = element(
          "td",
          { class: isBest ? "is-best" : "" },
          cell === null ? "-" : text(cell),
        );
        if (cell !== null) td.style.background = tint(cell / greatest);
        return td;
      }),
    ),
  );
  return element("table", { class: "heat" }, element("tbody", {}, head, ...rows));
}

function tint(share) {
  const strength = Math.round(70 * Math.min(1, Math.abs(share)));
  return `color-mix(in srgb, var(${share < 0 ? "--bad" : "--good"}) ${strength}%, transparent)`;
}
