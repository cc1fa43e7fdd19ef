/**
 * What was known of an indicator at a time: the newest in `as_of` of what had been pushed by then, and of several
 * with the same `as_of` the one that was pushed last.
 * Invariant: nothing that was pushed after t is in the answer for t, so that what is recorded later never changes it.
 */

export type KeptReading = {
  /** `funding.BTCUSDT`; the indicator's name, and the label of the value. */
  readonly series: string;
  /** The value of this label is the indicator's own. */
  readonly isOwn: boolean;
  readonly value: number;
  readonly unit: string;
  readonly asOfMs: number;
  readonly fetchedUs: number;
  /** Null: it was recorded and never pushed, as an older one than what stands, or by a worker that died. */
  readonly pushedUs: number | null;
  readonly source: string;
  readonly sourceHash: string;
};

/** A reading that was pushed, as anybody saw it from then on. */
export type KnownReading = KeptReading & { readonly pushedUs: number };

/** What is known to one who stands at a time that only goes forward. */
export type KnownSoFar = {
  /**
   * Goes on to this time, and gives what became known since the last one, in the order in which it did.
   * A time before the last one gives nothing.
   */
  readonly until: (tUs: number) => readonly KnownReading[];
  /** At the time that was reached; null: nothing yet. */
  readonly at: (series: string) => KnownReading | null;
};

/** Of readings in the order in which they were pushed; they are taken one at a time, and none before its time. */
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
