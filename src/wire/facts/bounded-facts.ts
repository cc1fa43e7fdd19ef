/** Brings the facts of a service within what its supervisor reads. */
import type { WorkFacts } from "../../domain/supervision/verdict.ts";

/** Most dependencies, inputs and notes that a service may report, each. */
export const REPORTED_MAX = 32;

/**
 * What a supervisor reads of facts, however many a service has: its first input and those that are oldest for their
 * budgets, and of its notes the alerts before others, all in their order. Facts beyond the limits are no facts, and a
 * service that tells none is taken for one that hangs.
 */
export function boundedFacts(facts: WorkFacts): WorkFacts {
  const { inputs, notes } = facts;
  const [first] = inputs;
  const kept = mostOf(inputs, (input) =>
    input === first ? Number.POSITIVE_INFINITY : late(input),
  );
  if (notes === undefined) return { ...facts, inputs: kept };
  return { ...facts, inputs: kept, notes: mostOf(notes, ({ isAlert }) => Number(isAlert)) };
}

function late({ ageS, budgetS }: WorkFacts["inputs"][number]): number {
  return ageS === null ? Number.POSITIVE_INFINITY : ageS / budgetS;
}

/** Those of the highest rank; of equal ones the first. */
function mostOf<T>(all: readonly T[], rankOf: (one: T) => number): readonly T[] {
  if (all.length <= REPORTED_MAX) return all;
  const ranked = all.toSorted((one, other) => compare(rankOf(other), rankOf(one)));
  const kept = new Set(ranked.slice(0, REPORTED_MAX));
  return all.filter((one) => kept.has(one));
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
