/** Order books as they were known at a time that only moves forward. */

/**
 * Takes books in the order in which they were received; returns for each asset the newest one up to a time, if it was
 * not returned before. Books are pulled one at a time, and none before its time.
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
      // Deletes first, so that the asset moves to the end: the result is in the order of receipt.
      newest.delete(asset);
      newest.set(asset, next.value);
      next = source.next();
    }
    return [...newest.values()];
  };
}
