/**
 * Whether daily returns differ by a factor: the spread between the group means, compared with the spreads after
 * random permutations of the returns (a permutation test). Invariant: for returns that depend on no factor, the
 * probability that any factor is reported is ALPHA, whatever the number of factors and their correlation (step-down
 * procedure of Westfall and Young with minimal p-values).
 */
import type { Random } from "../simulator/random.ts";

export type FactorOfDays = {
  readonly name: string;
  /** The group of each day; negative: in no group. */
  readonly groups: Int8Array;
  readonly labels: readonly string[];
};

export type FactorEdge = {
  readonly name: string;
  /** p-value: the share of permutations with a spread at least as large. */
  readonly p: number;
  /** p-value adjusted for testing all factors. */
  readonly adjustedP: number;
  readonly verdict: "edge shown" | "no edge shown";
  /** The most deviating group: its mean daily return, and that of all days. */
  readonly best: {
    readonly group: string;
    readonly days: number;
    readonly mean: number;
    readonly others: number;
  } | null;
};

export type EdgeReport = {
  readonly days: number;
  readonly permutations: number;
  readonly factors: readonly FactorEdge[];
  /** Why nothing can be concluded; null: a conclusion is possible. */
  readonly why: string | null;
};

export const ALPHA = 0.05;
const DAYS_MIN = 60;
/** A smaller group says nothing: its days are in no group. */
const GROUP_DAYS_MIN = 5;
const AROUND_DAYS = 10;

/** `returns` per day, oldest first. */
export function factorEdges(
  returns: Float64Array,
  factors: readonly FactorOfDays[],
  { permutations, random }: { readonly permutations: number; readonly random: Random },
): EdgeReport {
  const days = returns.length;
  if (days < DAYS_MIN) {
    const why = `${days} days are too few to say anything: at least ${DAYS_MIN} are needed`;
    return { days, permutations: 0, factors: [], why };
  }
  const scaled = scaledReturns(returns);
  const kept = factors.map(withLargeGroups);
  // The first row is the data as it is; each further row is one permutation, with a column per factor.
  const spreads = [kept.map((factor) => spreadOf(scaled, factor))];
  const dealt = Float64Array.from(scaled);
  for (let deal = 0; deal < permutations; deal += 1) {
    shuffle(dealt, random);
    spreads.push(kept.map((factor) => spreadOf(dealt, factor)));
  }
  const ps = kept.map((_, column) => upperShares(spreads.map((row) => row[column]!)));
  const least = spreads.map((_, row) => Math.min(...ps.map((column) => column[row]!)));
  return {
    days,
    permutations,
    why: null,
    factors: kept.map((factor, column) => {
      const p = ps[column]![0]!;
      const adjustedP = least.filter((one) => one <= p).length / least.length;
      return {
        name: factor.name,
        p,
        adjustedP,
        verdict: adjustedP < ALPHA ? "edge shown" : "no edge shown",
        best: bestGroup(returns, factor),
      };
    }),
  };
}

/**
 * Divides by the typical size around each day: otherwise one volatile month would decide, and a slow factor would
 * seem to cause it.
 */
function scaledReturns(returns: Float64Array): Float64Array {
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const centred = returns.map((one) => one - mean);
  return centred.map((one, day) => {
    const from = Math.max(0, day - AROUND_DAYS);
    const around = centred.subarray(from, day + AROUND_DAYS + 1);
    const usual = around.reduce((sum, other, at) => sum + (from + at === day ? 0 : other ** 2), 0);
    return usual === 0 ? 0 : one / Math.sqrt(usual / (around.length - 1));
  });
}

function withLargeGroups({ groups, ...rest }: FactorOfDays): FactorOfDays {
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const large = groups.map((group) =>
    GROUP_DAYS_MIN <= (counts.get(group) ?? 0) ? group : NO_GROUP,
  );
  return { ...rest, groups: large };
}

const NO_GROUP = -1;

/** Between the group means, weighted by size; 0 where there is only one group. */
function spreadOf(values: Float64Array, { groups, labels }: FactorOfDays): number {
  const sums = new Float64Array(labels.length);
  const counts = new Float64Array(labels.length);
  for (let day = 0; day < values.length; day += 1) {
    const group = groups[day]!;
    if (group < 0) continue;
    sums[group] = sums[group]! + values[day]!;
    counts[group] = counts[group]! + 1;
  }
  let total = 0;
  let days = 0;
  let spread = 0;
  let inUse = 0;
  for (let group = 0; group < labels.length; group += 1) {
    if (counts[group] === 0) continue;
    inUse += 1;
    total += sums[group]!;
    days += counts[group]!;
    spread += sums[group]! ** 2 / counts[group]!;
  }
  return inUse < 2 ? 0 : spread - total ** 2 / days;
}

/**
 * For each value, the share of all values that are as large, with a tolerance, so that rounding does not separate
 * equal ones.
 */
function upperShares(values: readonly number[]): Float64Array {
  const sorted = Float64Array.from(values).toSorted();
  const slack = 1e-9 * Math.max(1, sorted.at(-1)!);
  return Float64Array.from(values, (value) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value - slack) low = middle + 1;
      else high = middle;
    }
    return (sorted.length - low) / sorted.length;
  });
}

function bestGroup(returns: Float64Array, { groups, labels }: FactorOfDays): FactorEdge["best"] {
  let best: FactorEdge["best"] = null;
  let most = 0;
  for (const [group, label] of labels.entries()) {
    const inside = returns.filter((_, day) => groups[day] === group);
    const outside = returns.filter((_, day) => 0 <= groups[day]! && groups[day] !== group);
    if (inside.length === 0 || outside.length === 0) continue;
    const mean = inside.reduce((sum, one) => sum + one, 0) / inside.length;
    const others = outside.reduce((sum, one) => sum + one, 0) / outside.length;
    const weight = Math.abs(mean - others) * Math.sqrt(inside.length);
    if (weight <= most) continue;
    most = weight;
    best = { group: label, days: inside.length, mean, others };
  }
  return best;
}

function shuffle(values: Float64Array, random: Random): void {
  for (let at = values.length - 1; 0 < at; at -= 1) {
    const other = Math.floor(random.uniform() * (at + 1));
    const kept = values[at]!;
    values[at] = values[other]!;
    values[other] = kept;
  }
}
