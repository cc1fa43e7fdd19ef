/** Which rows of a long table the page shows before somebody asks for all. */
import { expect, test } from "vitest";

type Row = { readonly nth: number; readonly state: string };
type Fold = {
  readonly ROWS_FOLDED: number;
  readonly foldedRows: (
    this: void,
    rows: readonly Row[],
    needsLook: (row: Row) => boolean,
  ) => readonly Row[];
};
const FOLD = new URL("../../src/dashboard/public/views/fold.js", import.meta.url);
const { ROWS_FOLDED, foldedRows }: Fold = await import(FOLD.href);

test("the first ones, and all that are not as they should be, in their order", () => {
  const states = new Map([
    [200, "stale"],
    [399, "unreadable"],
  ]);
  const rows = Array.from({ length: 400 }, (_, nth) => ({
    nth,
    state: states.get(nth) ?? "fresh",
  }));
  const shown = foldedRows(rows, ({ state }) => state !== "fresh").map(({ nth }) => nth);
  expect(shown).toEqual([...Array(ROWS_FOLDED).keys(), 200, 399]);
  const few = rows.slice(0, ROWS_FOLDED);
  expect(foldedRows(few, () => false)).toEqual(few);
});
