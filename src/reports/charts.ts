/** Charts as SVG text: values in, picture out. */
import { short, shortPercent } from "./figures.ts";
import {
  acrossScale,
  axes,
  axisNames,
  escaped,
  extentOf,
  HALF,
  svgPathOf,
  picture,
  px,
  timeScale,
  timeLabels,
  upScale,
  WIDE,
  type Plot,
} from "./plot.ts";

export type ChartLine = { readonly style: string; readonly values: readonly number[] };
export type ChartMarker = {
  readonly timeMs: number;
  readonly value: number;
  readonly style: string;
  readonly shape: "up" | "down" | "cross";
  readonly title: string;
};

export type TimeChart = {
  readonly title: string;
  readonly timesMs: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly markers?: readonly ChartMarker[];
  readonly text?: (value: number) => string;
  readonly plot?: Plot;
};

export function timeChart(chart: TimeChart): string {
  const { title, timesMs, lines, markers = [], text = short, plot = WIDE } = chart;
  const x = timeScale(plot, timesMs);
  const heights = [...lines.flatMap(({ values }) => values), ...markers.map(({ value }) => value)];
  const y = upScale(plot, extentOf(heights));
  const paths = lines.map(
    ({ style, values }) =>
      `<path class="${style}" d="${svgPathOf(values.map((value, at) => [x.place(timesMs[at]!), y.place(value)] as const))}"/>`,
  );
  const signs = markers.map((marker) => {
    const [at, up] = [x.place(marker.timeMs), y.place(marker.value)];
    return `<path class="${marker.style}" d="${shapeAt(marker.shape, at, up)}"><title>${escaped(marker.title)}</title></path>`;
  });
  const frame = axes(plot, { x, y }, { x: timeLabels(timesMs), y: text });
  return picture(plot, title, frame + paths.join("") + signs.join(""));
}

/** Drawdowns, drawn downwards from zero. */
export function underwaterChart(timesMs: readonly number[], depths: readonly number[]): string {
  const plot = { ...WIDE, height: 170 };
  const x = timeScale(plot, timesMs);
  const deepest = Math.max(1e-6, ...depths);
  const y = upScale(plot, [-deepest, 0]);
  const line = depths.map((depth, at) => [x.place(timesMs[at]!), y.place(-depth)] as const);
  const [first, last] = [timesMs[0] ?? 0, timesMs.at(-1) ?? 0];
  const closing = `L${px(x.place(last))} ${px(y.place(0))}L${px(x.place(first))} ${px(y.place(0))}Z`;
  const frame = axes(plot, { x, y }, { x: timeLabels(timesMs), y: shortPercent });
  return picture(
    plot,
    "Drawdown",
    `${frame}<path class="under" d="${svgPathOf(line)}${closing}"/><path class="under-line" d="${svgPathOf(line)}"/>`,
  );
}

export type Histogram = {
  readonly title: string;
  readonly values: readonly number[];
  readonly name: string;
};

/** Shares, with losses and gains in their own colours. */
export function histogram({ title, values, name }: Histogram): string {
  const plot = HALF;
  const [least, most] = extentOf([...values, 0]);
  const bins = Math.max(8, Math.min(40, Math.ceil(2 * Math.cbrt(values.length))));
  // Zero is a boundary between bars, so that none mixes losses and gains.
  const width = (most - least) / bins;
  const from = Math.floor(least / width) * width;
  const counts = new Map<number, number>();
  for (const value of values) {
    const bin = Math.floor((value - from) / width + 1e-9);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  const lastBin = Math.max(0, ...counts.keys());
  const x = acrossScale(plot, [from, from + (lastBin + 1) * width]);
  const y = upScale(plot, [0, Math.max(1, ...counts.values())]);
  const bars = [...counts].map(([bin, count]) => {
    const left = x.place(from + bin * width);
    const right = x.place(from + (bin + 1) * width);
    const style = from + (bin + 0.5) * width < 0 ? "bar-loss" : "bar-gain";
    return `<rect class="${style}" x="${px(left + 0.5)}" width="${px(Math.max(1, right - left - 1))}" y="${px(y.place(count))}" height="${px(y.place(0) - y.place(count))}"><title>${count}</title></rect>`;
  });
  const frame = axes(plot, { x, y }, { x: shortPercent, y: short });
  return picture(plot, title, frame + bars.join("") + axisNames(plot, { x: name, y: "" }));
}

export type Dot = {
  readonly x: number;
  readonly y: number;
  readonly style: string;
  readonly title: string;
};

export function scatter(
  title: string,
  dots: readonly Dot[],
  names: { x: string; y: string },
): string {
  const plot = HALF;
  const x = acrossScale(plot, extentOf([0, ...dots.map((dot) => dot.x)]));
  const y = upScale(plot, extentOf([0, ...dots.map((dot) => dot.y)]));
  const circles = dots.map(
    (dot) =>
      `<circle class="${dot.style}" cx="${px(x.place(dot.x))}" cy="${px(y.place(dot.y))}" r="2.6"><title>${escaped(dot.title)}</title></circle>`,
  );
  const frame = axes(plot, { x, y }, { x: shortPercent, y: shortPercent });
  return picture(plot, title, frame + circles.join("") + axisNames(plot, names));
}

function shapeAt(shape: ChartMarker["shape"], x: number, y: number): string {
  const size = 4.5;
  switch (shape) {
    case "up":
      return `M${px(x)} ${px(y - size)}L${px(x + size)} ${px(y + size)}L${px(x - size)} ${px(y + size)}Z`;
    case "down":
      return `M${px(x)} ${px(y + size)}L${px(x + size)} ${px(y - size)}L${px(x - size)} ${px(y - size)}Z`;
    case "cross":
      return `M${px(x - 3.5)} ${px(y - 3.5)}L${px(x + 3.5)} ${px(y + 3.5)}M${px(x + 3.5)} ${px(y - 3.5)}L${px(x - 3.5)} ${px(y + 3.5)}`;
  }
}
