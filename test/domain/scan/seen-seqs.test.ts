import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createSeenSeqs,
  gapsIn,
  lastingGaps,
  HOLES_MAX,
  noteSeq,
} from "../../../src/domain/scan/seen-seqs.ts";

type Noted = { readonly base?: number; readonly seqs: readonly number[] };

function check({ base = 0, seqs }: Noted, expected: { seen: number; gaps: number }) {
  const state = createSeenSeqs(base);
  for (const seq of seqs) noteSeq(state, seq);
  expect({ seen: state.seen, gaps: gapsIn(state) }).toEqual(expected);
}

describe("seqs seen", () => {
  test.each([
    ["in order", { seqs: [1, 2, 3] }, { seen: 3, gaps: 0 }],
    ["the same one again", { seqs: [1, 1, 2, 1] }, { seen: 2, gaps: 0 }],
    ["a jump that is filled later", { seqs: [1, 4, 3, 2] }, { seen: 4, gaps: 0 }],
    ["a jump that is not filled", { seqs: [1, 4] }, { seen: 2, gaps: 2 }],
    ["those of before do not count", { base: 10, seqs: [9, 10, 11] }, { seen: 1, gaps: 0 }],
    ["the first one is missed", { base: 10, seqs: [12] }, { seen: 1, gaps: 1 }],
  ] as const)("%s", (_, noted, expected) => {
    check(noted, expected);
  });

  test("all seqs in any order, each at least once, leave no gap", () => {
    const orders = fc.integer({ min: 1, max: 60 }).chain((count) => {
      const all = Array.from({ length: count }, (_, index) => index + 1);
      return fc.tuple(
        fc.shuffledSubarray(all, { minLength: count }),
        fc.array(fc.constantFrom(...all)),
      );
    });
    fc.assert(
      fc.property(orders, ([all, again]) => {
        check({ seqs: [...again, ...all] }, { seen: all.length, gaps: 0 });
      }),
    );
  });

  test("holes beyond the limit are lost, but still counted", () => {
    check({ seqs: [HOLES_MAX + 11] }, { seen: 1, gaps: HOLES_MAX + 10 });
    check({ seqs: [HOLES_MAX + 1, HOLES_MAX + 11, 1] }, { seen: 2, gaps: HOLES_MAX + 9 });
  });
});

test("a hole is lasting when it was one before", () => {
  const seqs = createSeenSeqs(0);
  noteSeq(seqs, 2);
  expect(lastingGaps(seqs, new Set())).toBe(0);
  const before = new Set(seqs.holes);
  noteSeq(seqs, 4);
  expect(lastingGaps(seqs, before)).toBe(1);
  noteSeq(seqs, 1);
  expect([lastingGaps(seqs, before), gapsIn(seqs)]).toEqual([0, 1]);
});
