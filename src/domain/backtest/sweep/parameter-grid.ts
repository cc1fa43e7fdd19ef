/** All combinations of the given values of some parameters. */
import type { Parameters, ParameterValue } from "../../trading/strategy.ts";

export type GridAxis = { readonly name: string; readonly values: readonly ParameterValue[] };

/** A larger search mostly finds luck. */
export const GRID_SETS_MAX = 10_000;

/** The last axis changes fastest. @throws {Error} when there are too many. */
export function setsOfGrid(axes: readonly GridAxis[], base: Parameters): readonly Parameters[] {
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (GRID_SETS_MAX < count) {
    throw new Error(`the grid has ${count} sets, more than ${GRID_SETS_MAX}: take fewer values`);
  }
  return axes.reduce<readonly Parameters[]>(
    (sets, { name, values }) =>
      sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [base],
  );
}
