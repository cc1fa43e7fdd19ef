/**
 * What rules are judged by: a flat table of what is known now. Its builder turns what is old into unknown.
 * Invariant: what nobody could look at is unknown, with the reason, never left out and never a good value.
 */

export type Unknown = { readonly unknown: string };
export type Fact = number | string | boolean | Unknown;

/** Such as `feed.scan.age_s`: segments of letters, digits, `_` and `-`, with dots between them. */
export type FactTable = Readonly<Record<string, Fact>>;

export type Facts = {
  readonly values: FactTable;
  /** What health puts the faults down to, and what follows from each; none while it is silent. */
  readonly roots: readonly KnownRoot[];
  readonly symptoms: readonly KnownSymptom[];
};

export type KnownRoot = {
  /** `kind:subject`. */
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly says: string;
  /** A service that an operator stopped: no fault. */
  readonly isStop?: boolean;
};

/** `of`: the id of a root. */
export type KnownSymptom = { readonly subject: string; readonly of: string };

export const NO_FACTS: Facts = { values: {}, roots: [], symptoms: [] };

export function isUnknown(fact: Fact): fact is Unknown {
  return typeof fact === "object";
}

/** A name of ours as a segment: `order book` becomes `order_book`. */
export function segmentOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]+/g, "_");
}
