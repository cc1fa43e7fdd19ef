/** Percentiles by the nearest-rank method: each is a measured value. */

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error("a percentile of nothing was asked for");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

export function rounded(value: number, decimals = 2): number {
  return Number(value.toFixed(decimals));
}
