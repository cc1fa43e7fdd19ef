/**
 * An envelope as a fan chart: the ranges of 90 % and 50 % of the paths after each number of trades, and the median.
 */
import type { EnvelopePoint } from "../../domain/forewarn/forecast.ts";
import {
  acrossScale,
  axes,
  axisNames,
  extentOf,
  svgPathOf,
  type Plot,
  px,
  upScale,
} from "../plot.ts";
import { short, shortPercent } from "../figures.ts";

const BANDS = [
  ["fan", "q0.05", "q0.95"],
  ["fan-core", "q0.25", "q0.75"],
] as const;
const MEDIAN = "q0.5";

type Point = readonly [number, number];

/**
 * The content of a picture of `plot`'s size, which leaves 38 units below for the name of the axis.
 *
 * @param falls levels of equity drawn as horizontal lines, as multiples of the present one
 */
export function fanChart(
  plot: Plot,
  envelope: readonly EnvelopePoint[],
  falls: readonly number[],
): string {
  // All paths begin at the present equity.
  const along = (name: string): readonly Point[] => [
    [0, 0],
    ...envelope.map(({ trades, quantiles }): Point => [trades, (quantiles[name] ?? NaN) - 1]),
  ];
  const edges = BANDS.map(([style, low, high]) => [style, along(low), along(high)] as const);
  const heights = [...edges.flatMap(([, low, high]) => [...low, ...high]), ...falls.map(levelAt)];
  const x = acrossScale(plot, [0, Math.max(1, envelope.at(-1)?.trades ?? 1)]);
  const y = upScale(plot, extentOf(heights.map(([, height]) => height)));
  const placed = (points: readonly Point[]) =>
    points.map(([at, height]) => [x.place(at), y.place(height)] as const);
  const bands = edges.map(
    ([style, low, high]) =>
      `<path class="${style}" d="${svgPathOf([...placed(high), ...placed(low).toReversed()])}Z"/>`,
  );
  const middle = `<path class="own" d="${svgPathOf(placed(along(MEDIAN)))}"/>`;
  const lines = falls.map((fall) => {
    const at = px(y.place(levelAt(fall)[1]));
    return `<line class="limit" x1="${plot.left}" x2="${plot.width - plot.right}" y1="${at}" y2="${at}"/>`;
  });
  const frame = axes(plot, { x, y }, { x: short, y: shortPercent });
  const names = axisNames(plot, { x: "trades from now on", y: "" });
  return frame + bands.join("") + middle + lines.join("") + names;
}

function levelAt(fall: number): Point {
  return [0, fall - 1];
}
