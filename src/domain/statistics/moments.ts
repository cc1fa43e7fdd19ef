/** Mean, deviation, skewness and kurtosis of a stream of numbers, which are not stored. */

export type Moments = {
  count: number;
  mean: number;
  /** Sums of powers of the deviations from the mean. */
  second: number;
  third: number;
  fourth: number;
};

export function createMoments(): Moments {
  return { count: 0, mean: 0, second: 0, third: 0, fourth: 0 };
}

/** Pébay's update: one pass, without the cancellation of sums of powers. */
export function addToMoments(moments: Moments, value: number): void {
  const before = moments.count;
  const count = before + 1;
  const distance = value - moments.mean;
  const step = distance / count;
  const stepSquared = step * step;
  const term = distance * step * before;
  moments.count = count;
  moments.mean += step;
  moments.fourth +=
    term * stepSquared * (count * count - 3 * count + 3) +
    6 * stepSquared * moments.second -
    4 * step * moments.third;
  moments.third += term * step * (count - 2) - 3 * step * moments.second;
  moments.second += term;
}

/** Sample standard deviation: divides by the count minus one. */
export function deviationOf(moments: Moments): number {
  return moments.count < 2 ? 0 : Math.sqrt(moments.second / (moments.count - 1));
}

export function skewOf({ count, second, third }: Moments): number {
  return second === 0 ? 0 : (Math.sqrt(count) * third) / second ** 1.5;
}

/** Zero for a normal distribution. */
export function excessKurtosisOf({ count, second, fourth }: Moments): number {
  return second === 0 ? 0 : (count * fourth) / (second * second) - 3;
}
