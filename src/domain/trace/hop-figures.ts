/** Percentiles of each hop over many traces, and the slowest traces. */
import { quantileOf } from "../statistics/daily-ratios.ts";
import type { Hops } from "./stations.ts";

export type HopFigures = {
  /** Such as `complete to seen`. */
  readonly hop: string;
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
};

export type SlowWay<T> = { readonly of: T; readonly hops: Hops; readonly totalUs: number };

export type Figures<T> = {
  readonly hops: readonly HopFigures[];
  /** From the first station to the last, over the traces that reached it. */
  readonly total: HopFigures | null;
  /** Slowest first. */
  readonly slowest: readonly SlowWay<T>[];
};

const GROWTH = 2;
const ROOM_AT_FIRST = 1_024;

class Samples {
  #values = new Float64Array(ROOM_AT_FIRST);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const values = new Float64Array(this.#count * GROWTH);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  figures(hop: string): HopFigures {
    const sorted = this.#values.subarray(0, this.#count).toSorted();
    const at = (share: number) => Math.round(quantileOf(sorted, share));
    return {
      hop,
      count: this.#count,
      p50Us: at(0.5),
      p90Us: at(0.9),
      p99Us: at(0.99),
      maxUs: sorted.at(-1) ?? 0,
    };
  }
}

/** Takes eight bytes per hop and trace; the caller limits how many. */
export function createHopFigures<T>(slowestCount: number) {
  const hops = new Map<string, Samples>();
  const totals = new Samples();
  let slowest: SlowWay<T>[] = [];
  return {
    add(of: T, way: Hops): void {
      for (const { from, to, us } of way.hops) {
        const name = `${from} to ${to}`;
        let samples = hops.get(name);
        if (samples === undefined) hops.set(name, (samples = new Samples()));
        samples.add(us);
      }
      const { totalUs } = way;
      if (totalUs === null) return;
      totals.add(totalUs);
      const last = slowest.at(-1);
      if (slowest.length === slowestCount && last !== undefined && totalUs <= last.totalUs) return;
      slowest = [...slowest, { of, hops: way, totalUs }]
        .toSorted((one, other) => other.totalUs - one.totalUs)
        .slice(0, slowestCount);
    },
    figures(): Figures<T> {
      const total = totals.figures("total");
      return {
        hops: [...hops].map(([name, samples]) => samples.figures(name)),
        total: total.count === 0 ? null : total,
        slowest,
      };
    },
  };
}
