/** Which order book of each asset was known at each decision of a day, stored as changes rather than per decision. */

export type BookTimes = Map<string, { readonly nths: number[]; readonly asOfMs: number[] }>;

/** Records the books at the `nth` decision; `nth` never falls from call to call. */
export function noteBooks(
  times: BookTimes,
  nth: number,
  books: Iterable<readonly [asset: string, book: { readonly asOfMs: number }]>,
): void {
  for (const [asset, { asOfMs }] of books) {
    let found = times.get(asset);
    if (found === undefined) times.set(asset, (found = { nths: [], asOfMs: [] }));
    if (found.asOfMs.at(-1) === asOfMs) continue;
    found.nths.push(nth);
    found.asOfMs.push(asOfMs);
  }
}

/** Null: no book was known yet. */
export function bookTimeAt(times: BookTimes, asset: string, nth: number): number | null {
  const found = times.get(asset);
  if (found === undefined) return null;
  let [from, to] = [0, found.nths.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (found.nths[middle]! <= nth) from = middle + 1;
    else to = middle;
  }
  return from === 0 ? null : found.asOfMs[from - 1]!;
}
