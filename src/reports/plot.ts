/** The base of charts: scales, ticks, axes, and text that cannot become markup. */
import { isoFromMicros, MS_PER_DAY, MS_PER_MINUTE, US_PER_MS } from "../domain/time.ts";

export type Plot = {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
};

export const WIDE: Plot = { width: 960, height: 260, left: 64, right: 14, top: 12, bottom: 26 };
export const HALF: Plot = { width: 470, height: 240, left: 58, right: 12, top: 12, bottom: 38 };

/** Maps a value to its position in the picture. */
export type Scale = {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
};

const TICKS_ACROSS = 6;
const TICKS_UP = 5;
const STEPS = [1, 2, 2.5, 5, 10] as const;
const TIME_STEPS_MS = [1, 5, 10, 15, 30, 60, 120, 240, 360, 720]
  .map((minutes) => minutes * MS_PER_MINUTE)
  .concat([1, 2, 5, 7, 14, 30, 60, 90, 180, 365].map((days) => days * MS_PER_DAY));

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Rounded to a tenth of a pixel: the file stays small. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function extentOf(values: Iterable<number>): readonly [number, number] {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (most < least) return [0, 1];
  if (least < most) return [least, most];
  const room = Math.abs(least) * 0.01 || 1;
  return [least - room, most + room];
}

export function acrossScale(plot: Plot, [least, most]: readonly [number, number]): Scale {
  const share = (plot.width - plot.left - plot.right) / (most - least);
  const ticks = ticksBetween([least, most], TICKS_ACROSS);
  return { place: (value) => plot.left + (value - least) * share, ticks };
}

export function timeScale(plot: Plot, timesMs: readonly number[]): Scale {
  const [first, last] = extentOf(timesMs);
  const step =
    TIME_STEPS_MS.find((ms) => (last - first) / ms <= TICKS_ACROSS + 2) ?? TIME_STEPS_MS.at(-1)!;
  const ticks: number[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) ticks.push(at);
  return { place: acrossScale(plot, [first, last]).place, ticks };
}

/** With some room above and below. */
export function upScale(plot: Plot, [least, most]: readonly [number, number]): Scale {
  const room = (most - least) * 0.04;
  const low = least === 0 ? 0 : least - room;
  const high = most === 0 ? 0 : most + room;
  const share = (plot.height - plot.top - plot.bottom) / (high - low);
  return {
    place: (value) => plot.height - plot.bottom - (value - low) * share,
    ticks: ticksBetween([low, high], TICKS_UP),
  };
}

export function axes(
  plot: Plot,
  scales: { readonly x: Scale; readonly y: Scale },
  texts: { readonly x: (value: number) => string; readonly y: (value: number) => string },
): string {
  const { x, y } = scales;
  const floor = plot.height - plot.bottom;
  const levels = y.ticks.map((tick) => {
    const at = px(y.place(tick));
    return (
      `<line class="grid" x1="${plot.left}" x2="${plot.width - plot.right}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${plot.left - 7}" y="${at}" dy="0.32em" text-anchor="end">${escaped(texts.y(tick))}</text>`
    );
  });
  const marks = x.ticks.map((tick) => {
    const at = px(x.place(tick));
    return (
      `<line class="mark" x1="${at}" x2="${at}" y1="${floor}" y2="${floor + 4}"/>` +
      `<text class="tick" x="${at}" y="${floor + 16}" text-anchor="middle">${escaped(texts.x(tick))}</text>`
    );
  });
  const ground = `<line class="mark" x1="${plot.left}" x2="${plot.width - plot.right}" y1="${floor}" y2="${floor}"/>`;
  return levels.join("") + ground + marks.join("");
}

/** Below and along the axis. */
export function axisNames(plot: Plot, names: { readonly x: string; readonly y: string }): string {
  const middle = (plot.top + plot.height - plot.bottom) / 2;
  return (
    `<text class="name" x="${(plot.left + plot.width - plot.right) / 2}" y="${plot.height - 4}" text-anchor="middle">${escaped(names.x)}</text>` +
    `<text class="name" transform="translate(12 ${px(middle)}) rotate(-90)" text-anchor="middle">${escaped(names.y)}</text>`
  );
}

export function picture(plot: Plot, title: string, content: string): string {
  return `<svg viewBox="0 0 ${plot.width} ${plot.height}" role="img" aria-label="${escaped(title)}">${content}</svg>`;
}

/** A path that is interrupted where there is no value. */
export function svgPathOf(points: Iterable<readonly [number, number]>): string {
  let path = "";
  let isDown = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${px(x)} ${px(y)}`;
    isDown = true;
  }
  return path;
}

/** The day, or the time of day where the span is short. */
export function timeLabels(timesMs: readonly number[]): (timeMs: number) => string {
  const [first, last] = extentOf(timesMs);
  const isShort = last - first < 2 * MS_PER_DAY;
  return (timeMs) => {
    const iso = isoFromMicros(timeMs * US_PER_MS);
    return isShort ? iso.slice(11, 16) : iso.slice(5, 10);
  };
}

function ticksBetween([least, most]: readonly [number, number], count: number): number[] {
  const rough = (most - least) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (STEPS.find((one) => rough <= one * power) ?? 10);
  const ticks: number[] = [];
  // Computed as multiples of the step, so that no tick is 0.30000000000000004.
  for (let at = Math.ceil(least / step); at * step <= most + step * 1e-9; at += 1) {
    ticks.push(Number((at * step).toPrecision(12)));
  }
  return ticks;
}
