/** Order books to one who stands at a time that only goes forward. */

/**
 * Of books in the order in which they were here: of each asset the newest by a time, where it was not given before.
 * They are taken one at a time, and none before its time.
 */
export function booksSoFar<B extends { readonly asset: string }>(
  books: Iterable<B>,
  knownMsOf: (book: B) => number,
): (toMs: number) => readonly B[] {
  const source = books[Symbol.iterator]();
  let next = source.next();
  return (toMs) => {
    if (next.done === true || toMs < knownMsOf(next.value)) return [];
    const newest = new Map<string, B>();
    while (next.done !== true && knownMsOf(next.value) <= toMs) {
      const { asset } = next.value;
      // Behind the others: the answer is in the order in which they were here.
      newest.delete(asset);
      newest.set(asset, next.value);
      next = source.next();
    }
    return [...newest.values()];
  };
}
