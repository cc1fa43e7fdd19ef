/**
 * What was known of an indicator at a time: the reading with the newest `as_of` among those pushed by then, and of
 * equal ones the last pushed. Invariant: nothing pushed after t is in the answer for t, so that later recordings
 * never change it.
 */

export type KeptReading = {
  /** `funding.BTCUSDT`: the indicator's name, and the label of the value. */
  readonly series: string;
  /** The value of this label is the indicator's own. */
  readonly isOwn: boolean;
  readonly value: number;
  readonly unit: string;
  readonly asOfMs: number;
  readonly fetchedUs: number;
  /** Null: it was recorded but never pushed, because a newer one stood already, or because the worker died. */
  readonly pushedUs: number | null;
  readonly source: string;
  readonly sourceHash: string;
};

/** A reading that was pushed and could be read from then on. */
export type KnownReading = KeptReading & { readonly pushedUs: number };

/** What is known at a time that only moves forward. */
export type KnownSoFar = {
  /**
   * Moves to this time and returns what became known since the last call, in order. An earlier time returns nothing.
   */
  readonly until: (tUs: number) => readonly KnownReading[];
  /** At the present position; null: nothing yet. */
  readonly at: (series: string) => KnownReading | null;
};

/** Takes readings in the order of their pushes; they are pulled one at a time, and none before its time. */
export function knownSoFar(pushed: Iterable<KnownReading>): KnownSoFar {
  const source = pushed[Symbol.iterator]();
  const newest = new Map<string, KnownReading>();
  let next = source.next();
  const supersedes = (reading: KnownReading): boolean => {
    const before = newest.get(reading.series);
    return before === undefined || before.asOfMs <= reading.asOfMs;
  };
  return {
    until(tUs) {
      const came: KnownReading[] = [];
      while (next.done !== true && next.value.pushedUs <= tUs) {
        const reading = next.value;
        if (supersedes(reading)) {
          newest.set(reading.series, reading);
          came.push(reading);
        }
        next = source.next();
      }
      return came;
    },
    at: (series) => newest.get(series) ?? null,
  };
}
