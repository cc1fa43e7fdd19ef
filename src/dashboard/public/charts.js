/** Charts: lines over time by uPlot, and coloured bands. */
// oxlint-disable-next-line import/no-unassigned-import -- it mends what uPlot, which comes after it, asks as it loads
import "./frame/language.js";
import uPlot from "./vendor/uplot.js";
import { tickTexts, timeText } from "./format.js";
import { figure } from "./views/figures.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 180;

/** As a canvas takes it: of the name alone a browser tells what the sheet says, for light and for dark. */
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function axis() {
  const line = { stroke: colour("--line") };
  return { stroke: colour("--dim"), grid: line, ticks: line };
}

/** Pixels for the texts of a vertical axis; tiny numbers have many digits. */
function roomOf(_plot, texts) {
  const longest = Math.max(0, ...(texts ?? []).map(({ length }) => length));
  return Math.max(68, 20 + 7 * longest);
}

/**
 * Lines over time in a node: `series` is `[{label, colour: "--accent", width}]`, and `set([seconds, ...values])` draws;
 * null in values is a gap. It follows the node's width, the colours and the zone of times; `end` when the page goes. `options` goes to uPlot.
 */
export function lines(node, series, { height = HEIGHT, label = "chart", ...options } = {}) {
  const isLogarithmic = options.scales?.y?.distr === 3;
  let plot = null;
  let data = [[], ...series.map(() => [])];
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", label);
  const build = () => {
    plot?.destroy();
    plot = new uPlot(
      {
        width: Math.max(160, node.clientWidth),
        height,
        tzDate: (seconds) => new Date(seconds * 1_000),
        cursor: { y: false },
        axes: [
          { ...axis(), space: 60, values: (_plot, ticks) => ticks.map(shortTime(ticks)) },
          isLogarithmic
            ? { ...axis(), size: 68, ...wholePowers() }
            : { ...axis(), size: roomOf, values: (_plot, ticks) => tickTexts(ticks) },
        ],
        series: [
          { label: "time", value: (_plot, at) => (at === null ? "-" : timeText(at * 1_000)) },
          ...series.map(({ colour: name = "--accent", ...one }) => {
            const own = { stroke: colour(name), width: 1.5, spanGaps: false, value: legendText };
            return { ...own, ...one };
          }),
        ],
        ...options,
      },
      data,
      node,
    );
  };
  const fit = new ResizeObserver(() =>
    plot?.setSize({ width: Math.max(160, node.clientWidth), height }),
  );
  // Each call creates a new one, so that additions to one do not affect another.
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  build();
  fit.observe(node);
  addEventListener("settingchange", build);
  scheme.addEventListener("change", build);
  return {
    set(next) {
      data = next;
      plot.setData(next);
      node.setAttribute("aria-label", `${label}. ${newestText(series, next)}`);
    },
    end() {
      fit.disconnect();
      removeEventListener("settingchange", build);
      scheme.removeEventListener("change", build);
      plot.destroy();
    },
  };
}

/** Where nothing is pointed at there is no value. */
function legendText(_plot, value) {
  return value === null || value === undefined ? "--" : figure(value);
}

/** For readers who do not see the chart. */
function newestText(series, [seconds, ...columns]) {
  const newest = columns.flatMap((column, at) => {
    const value = column.findLast((one) => typeof one === "number" && Number.isFinite(one));
    return value === undefined ? [] : [`${series[at].label} ${Number(value.toPrecision(6))}`];
  });
  if (newest.length === 0) return "Nothing yet.";
  return `Newest, ${timeText(seconds.at(-1) * 1_000, "short")}: ${newest.join(", ")}.`;
}

/** On a logarithmic axis only a line at each power of ten: the ones between would fill the chart. */
function wholePowers() {
  const { grid, ticks } = axis();
  return { grid: { ...grid, filter: onlyPowers }, ticks: { ...ticks, filter: onlyPowers } };
}

function onlyPowers(_plot, splits) {
  return splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));
}

/** The day where ticks are days, else the time of day, with seconds where ticks are closer than minutes. */
function shortTime(ticks) {
  const apartS = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  if (0 < apartS && apartS < 60) return (at) => timeText(at * 1_000, "time").slice(0, 8);
  return (at) => timeText(at * 1_000, "short").slice(...(86_400 <= apartS ? [0, 5] : [6]));
}

/** A band of cells: each a tone ("good", "warn", "bad", "none"); adjacent cells of one tone are merged. */
export function band(tones, label) {
  const svg = shape("svg", {
    viewBox: `0 0 ${Math.max(1, tones.length)} 10`,
    class: "strip",
    ...picture(label),
  });
  let start = 0;
  tones.forEach((tone, at) => {
    if (at + 1 < tones.length && tones[at + 1] === tone) return;
    const place = { x: start, y: 0, width: at + 1 - start, height: 10 };
    svg.append(shape("rect", { ...place, class: `is-${tone}` }));
    start = at + 1;
  });
  return svg;
}

function picture(label) {
  return { preserveAspectRatio: "none", role: "img", "aria-label": label };
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
