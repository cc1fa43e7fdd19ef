/** A sweep's results as a table over its first two axes; the other axes are held at the best set's values. */
import type { Parameters } from "../../trading/strategy.ts";
import type { GridAxis } from "./parameter-grid.ts";
import type { Objective, TrialScore } from "./ranking.ts";

export type SweepGrid = {
  /** Null: there is only one axis. */
  readonly down: GridAxis | null;
  readonly across: GridAxis;
  /** A row for each value of `down` with the ranked figure in each cell; null: no such set, or no figure. */
  readonly cells: readonly (readonly (number | null)[])[];
  /** Column and row of the best set. */
  readonly best: readonly [number, number];
  /** The values at which the other axes are held. */
  readonly held: readonly { readonly name: string; readonly value: string }[];
};

type Swept = {
  readonly axes: readonly GridAxis[];
  readonly sets: readonly (TrialScore & { readonly set: Parameters })[];
  readonly best: { readonly at: number };
  readonly objective: Objective;
};

export function sweepGrid({ axes, sets, best, objective }: Swept): SweepGrid {
  const chosen = sets[best.at]!.set;
  const [down, across] = axes.length === 1 ? [null, axes[0]!] : [axes[0]!, axes[1]!];
  const bySet = new Map(sets.map((row) => [keyOf(axes, row.set), row]));
  const cells = (down === null ? [null] : down.values).map((value) =>
    across.values.map((other): number | null => {
      const own = down === null ? {} : { [down.name]: value! };
      const row = bySet.get(keyOf(axes, { ...chosen, ...own, [across.name]: other }));
      return row === undefined ? null : objective === "sharpe" ? row.sharpe : row.total;
    }),
  );
  return {
    down,
    across,
    cells,
    best: [
      across.values.indexOf(chosen[across.name]!),
      down === null ? 0 : down.values.indexOf(chosen[down.name]!),
    ],
    held: axes.slice(2).map(({ name }) => ({ name, value: String(chosen[name]) })),
  };
}

function keyOf(axes: readonly GridAxis[], set: Parameters): string {
  return axes.map(({ name }) => String(set[name])).join("\0");
}
