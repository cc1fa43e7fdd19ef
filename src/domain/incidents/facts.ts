/**
 * The input of rules: a flat table of what is known now. Its builder turns what is too old into unknown. Invariant: a
 * fact that nobody could observe is unknown, with the reason, never left out and never a good value.
 */

export type Unknown = { readonly unknown: string };
export type Fact = number | string | boolean | Unknown;

/** Names such as `feed.scan.age_s`: segments of letters, digits, `_` and `-`, separated by dots. */
export type FactTable = Readonly<Record<string, Fact>>;

export type Facts = {
  readonly values: FactTable;
  /** Health's root causes, and the symptoms of each; empty while it is silent. */
  readonly roots: readonly KnownRoot[];
  readonly symptoms: readonly KnownSymptom[];
};

export type KnownRoot = {
  /** `kind:subject`. */
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly says: string;
  /** A service that an operator stopped: not a fault. */
  readonly isStop?: boolean;
};

/** `of`: the id of a root. */
export type KnownSymptom = { readonly subject: string; readonly of: string };

export const NO_FACTS: Facts = { values: {}, roots: [], symptoms: [] };

export function isUnknown(fact: Fact): fact is Unknown {
  return typeof fact === "object";
}

/** A name as a segment: `order book` becomes `order_book`. */
export function segmentOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]+/g, "_");
}
