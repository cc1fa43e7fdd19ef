/** The place of the first one after a time, in a list that is in its order; a chunk's part brings the list of all of it. */
export function firstAfter<T>(
  list: readonly T[],
  toMs: number,
  timeOf: (one: T) => number,
): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (timeOf(list[middle]!) <= toMs) from = middle + 1;
    else to = middle;
  }
  return from;
}
