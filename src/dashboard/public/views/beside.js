/**
 * Both books beside each other, each relative to its equity at the first common scan, because their capitals may
 * differ. GREEN is folded from BLUE's log, like its own process does, so both have the same scans at the same times.
 */
import { age } from "../age.js";
import { lines } from "../charts.js";
import { element } from "../dom.js";
import { time } from "../format.js";
import { columns, money, percent } from "./figures.js";

const BUDGET_S = 30;

export function besidePanel(live) {
  const head = element("h2", {}, "BLUE beside GREEN, %");
  const chartNode = element("div");
  const under = element("p", { class: "dim" });
  let chart = null;
  live.onEnd(() => chart?.end());
  const node = element("article", { class: "beside" }, head, under, chartNode);
  const draw = ({ blue, green, counted, shadow }) => {
    chart ??= besideChart(chartNode, [counted, shadow]);
    const isAbsent = green.absent !== undefined;
    chartNode.hidden = isAbsent;
    if (isAbsent) {
      age(head, blue.isCaughtUp ? blue.atMs : null, BUDGET_S);
      under.textContent = `${green.absent}.`;
      return;
    }
    const isCaughtUp = blue.isCaughtUp && green.isCaughtUp;
    age(head, isCaughtUp ? Math.min(blue.atMs, green.atMs) : null, BUDGET_S);
    const [seconds, ...values] = columns([blue.equity, green.equity], [["last"], ["last"]]);
    const from =
      Math.max(blue.equity.atMs[0] ?? Infinity, green.equity.atMs[0] ?? Infinity) / 1_000;
    const shown = seconds.findIndex((at) => from <= at);
    if (shown < 0) {
      chart.set([[], [], []]);
      under.textContent = "Both have no scan in common yet.";
      return;
    }
    const [own, other] = values.map((column) => changeOf(column.slice(shown)));
    chart.set([seconds.slice(shown), own.percents, other.percents]);
    under.replaceChildren(
      `Since `,
      time(seconds[shown] * 1_000, "short"),
      `: ${counted} ${percent(own.change)} to ${money(own.last)}, ${shadow} ${percent(other.change)} to ${money(other.last)}.`,
    );
  };
  return { node, draw };
}

function besideChart(node, [counted, shadow]) {
  const label = `Equity of ${counted} and of ${shadow} over time, each in percent of its own at the first scan`;
  const series = [
    { label: counted, colour: "--accent", width: 2, spanGaps: true },
    { label: shadow, colour: "--good", width: 2, dash: [6, 4], spanGaps: true },
  ];
  return lines(node, series, { label });
}

/** For a book from its first value on. */
function changeOf(column) {
  const known = column.filter((value) => typeof value === "number");
  const [first] = known;
  const last = known.at(-1);
  const percents = column.map((value) =>
    typeof value === "number" ? 100 * (value / first - 1) : value,
  );
  return { percents, last, change: last / first - 1 };
}
