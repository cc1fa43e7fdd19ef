import * as fc from "fast-check";
import { expect, test } from "vitest";
import { booksSoFar } from "../../../src/domain/backtest/books-so-far.ts";

type Known = { readonly asset: string; readonly knownMs: number; readonly nth: number };

const books = fc
  .array(fc.tuple(fc.constantFrom("AAA", "BBB", "CCC"), fc.nat(50)), { maxLength: 40 })
  .map((all) =>
    all
      .toSorted(([, one], [, other]) => one - other)
      .map(([asset, knownMs], nth): Known => ({ asset, knownMs, nth })),
  );
const times = fc.array(fc.nat(60), { maxLength: 20 }).map((all) => all.toSorted((a, b) => a - b));

function given(all: readonly Known[], at: readonly number[]) {
  const newestBy = booksSoFar(all, ({ knownMs }) => knownMs);
  return at.map((toMs) => newestBy(toMs).map(({ nth }) => nth));
}

test("at each time it gives of each asset the newest that was here, once", () => {
  fc.assert(
    fc.property(books, times, (all, at) => {
      const expected = at.map((toMs, nth) => {
        const fromMs = at[nth - 1] ?? -1;
        const newest = new Map<string, number>();
        for (const book of all) {
          if (fromMs < book.knownMs && book.knownMs <= toMs) newest.set(book.asset, book.nth);
        }
        return [...newest.values()].toSorted((a, b) => a - b);
      });
      expect(given(all, at)).toEqual(expected);
    }),
    { numRuns: 300, seed: 7 },
  );
});

test("whatever comes after a time changes nothing of what was given by then", () => {
  fc.assert(
    fc.property(books, books, times, (all, others, at) => {
      const [endMs = 0] = at.slice(-1);
      const later = others.map((book) => ({ ...book, knownMs: endMs + 1 + book.knownMs }));
      const before = all.filter(({ knownMs }) => knownMs <= endMs);
      expect(given([...before, ...later], at)).toEqual(given(before, at));
    }),
    { numRuns: 300, seed: 8 },
  );
});
