/** Charts: lines over time by uPlot, and coloured bands. */
// oxlint-disable-next-line import/no-unassigned-import -- it mends what uPlot, which comes after it, asks as it loads
import "./frame/language.js";
import uPlot from "./vendor/uplot.js";
import { timeText } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 180;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis() {
  const line = { stroke: colour("--line") };
  return { stroke: colour("--dim"), grid: line, ticks: line };
}

/**
 * Lines over time in a node: `series` is `[{label, colour: "--accent", width}]`, and `set([seconds, ...values])` draws;
 * null in values is a gap. It follows the node's width and the theme; `end` when the page goes. `options` goes to uPlot.
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
          { ...axis(), size: 68, ...(isLogarithmic ? wholePowers() : {}) },
        ],
        series: [
          { label: "time", value: (_plot, at) => (at === null ? "-" : timeText(at * 1_000)) },
          ...series.map(({ colour: name = "--accent", ...one }) => {
            return { stroke: colour(name), width: 1.5, spanGaps: false, ...one };
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
  build();
  fit.observe(node);
  addEventListener("themechange", build);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  return {
    set(next) {
      data = next;
      plot.setData(next);
    },
    end() {
      fit.disconnect();
      removeEventListener("themechange", build);
      matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", build);
      plot.destroy();
    },
  };
}

/** On a logarithmic axis only powers of ten get a line: others would fill the chart. */
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
