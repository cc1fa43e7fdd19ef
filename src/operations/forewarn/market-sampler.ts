/** Keeps of any number of scans, in any order, the earliest of each step, and the prices of some assets alone. */
import type { MarketSamples } from "../../domain/forewarn/market.ts";

export type MarketSampler = {
  /** `from.at`: index of the scan's first price. A scan outside of the time that is asked for is left out. */
  take(
    timeMs: number,
    assets: readonly string[],
    from: { readonly prices: Float64Array; readonly at: number },
  ): void;
  count(): number;
  samples(): MarketSamples;
};

export function createMarketSampler(of: {
  readonly assets: readonly string[];
  readonly stepMs: number;
  readonly fromMs: number;
  readonly endMs: number;
}): MarketSampler {
  const kept = new Map<number, { readonly timeMs: number; readonly prices: Float64Array }>();
  const columnsOf = createColumns(of.assets);
  return {
    take(timeMs, assets, { prices, at }) {
      if (!(of.fromMs <= timeMs && timeMs < of.endMs)) return;
      const step = Math.floor(timeMs / of.stepMs);
      const found = kept.get(step);
      if (found !== undefined && found.timeMs <= timeMs) return;
      const own = Float64Array.from(columnsOf(assets), (column) =>
        column < 0 ? Number.NaN : (prices[at + column] ?? Number.NaN),
      );
      kept.set(step, { timeMs, prices: own });
    },
    count: () => kept.size,
    samples() {
      const rows = [...kept.values()].toSorted((a, b) => a.timeMs - b.timeMs);
      const assets = of.assets.length;
      const prices = new Float64Array(rows.length * assets);
      for (const [row, each] of rows.entries()) prices.set(each.prices, row * assets);
      return { timesMs: Float64Array.from(rows, ({ timeMs }) => timeMs), prices, assets };
    },
  };
}

/** Neighbouring scans share their array of names, or at least have the same names. */
function createColumns(wanted: readonly string[]): (assets: readonly string[]) => Int32Array {
  let last: readonly string[] | null = null;
  let columns = new Int32Array(0);
  return (assets) => {
    if (assets !== last) {
      const index = new Map(assets.map((name, at) => [name, at]));
      columns = Int32Array.from(wanted, (name) => index.get(name) ?? -1);
      last = assets;
    }
    return columns;
  };
}
