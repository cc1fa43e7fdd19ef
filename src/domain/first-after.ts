/**
 * Index of the first element after a time in an ordered list; a part of a chunk shares the list of the whole chunk.
 */
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
