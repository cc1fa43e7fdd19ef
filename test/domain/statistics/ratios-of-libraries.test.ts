/**
 * The sheet's ratios compared with quantstats and empyrical on the same returns: equal, or different by a named
 * convention.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dailyRatiosOf } from "../../../src/domain/statistics/daily-ratios.ts";

type Figures = Readonly<Record<string, number>>;
type Series = {
  readonly name: string;
  readonly returns: readonly number[];
  readonly empyrical: Figures;
  readonly quantstats: Figures;
};

/** `test/interop/write_ratios.py` writes it. */
const { series }: { readonly series: readonly Series[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/ratios.json", import.meta.url), "utf8"),
);
const SAME = ["cagr", "volatility", "sharpe", "sortino", "calmar", "omega", "tailRatio"] as const;
const TAIL = ["valueAtRisk", "conditionalValueAtRisk"] as const;
/** The 5 % quantile of the normal distribution. */
const Z = -1.6448536269514722;

function oursOf({ returns, empyrical }: Series) {
  const equities = [100_000];
  for (const value of returns) equities.push(equities.at(-1)! * (1 + value));
  return dailyRatiosOf({ equities, drawdownMax: -empyrical["drawdownMax"]! });
}

/** Named figures of `of`, to nine digits. */
function rounded(of: Readonly<Record<string, number | null | string>>, names: readonly string[]) {
  return names.map((name) => [name, Number(of[name]).toPrecision(9)]);
}

test.each(series)("of $name: all of empyrical's", (one) => {
  const names = [...SAME, ...TAIL];
  expect(rounded(oursOf(one), names)).toEqual(rounded(one.empyrical, names));
});

test.each(series)("of $name: quantstats', but for five conventions", (one) => {
  const ours = oursOf(one);
  const { quantstats: theirs, returns } = one;
  const count = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / count;
  const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  const sizeOfSample = (count - 1) / ((count - 2) * (count - 3));
  const density = Math.exp((-Z * Z) / 2) / Math.sqrt(2 * Math.PI);
  const asTheirs = {
    ...ours,
    // Theirs divides by one less than the returns; ours by the equities, the start among them.
    ulcerIndex: ours.ulcerIndex! * Math.sqrt((count + 1) / (count - 1)),
    // Theirs are corrected for the size of a sample, ours are the sample's own.
    skew: (ours.skew! * Math.sqrt(count * (count - 1))) / (count - 2),
    excessKurtosis: sizeOfSample * ((count + 1) * ours.excessKurtosis! + 6),
    // Theirs are of a normal distribution, ours of the days that were.
    valueAtRisk: mean + Z * deviation,
    conditionalValueAtRisk: mean - (deviation * density) / 0.05,
  };
  const names = [...SAME, ...TAIL, "ulcerIndex", "skew", "excessKurtosis"];
  expect(rounded(asTheirs, names)).toEqual(rounded(theirs, names));
});
