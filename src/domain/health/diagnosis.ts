/**
 * The result of a diagnosis: root causes, each with its owner and its remedy, and the symptoms that follow from them.
 */
import type { HealthWord } from "./health-word.ts";

/** Who has to mend a fault: we, somebody upstream, or the operator of this machine. */
export type Owner = "ours" | "upstream" | "operator";

export type RootKind =
  | "process"
  | "bridge"
  | "hazelcast"
  | "temporal"
  | "worker"
  | "mount"
  | "upstream"
  | "postgres"
  | "disk"
  | "clock"
  /** The machine has more to do than its processors can. */
  | "processor"
  /** Values in Hazelcast are inconsistent. */
  | "values";

export type Remedy =
  | { readonly kind: "restart-service"; readonly service: string }
  | { readonly kind: "restart-server"; readonly server: "hazelcast" }
  | { readonly kind: "none"; readonly because: string };

export type Root = {
  /** `kind:subject`. */
  readonly id: string;
  readonly kind: RootKind;
  readonly subject: string;
  readonly owner: Owner;
  /** Sentences with figures. */
  readonly evidence: readonly string[];
  readonly remedy: Remedy;
};

export type Symptom = {
  readonly subject: string;
  readonly says: string;
  /** The id of its root. */
  readonly of: string;
};

export type Diagnosis = {
  readonly roots: readonly Root[];
  readonly symptoms: readonly Symptom[];
  readonly word: HealthWord;
  /** Product of the known sensors; null where none is known. */
  readonly rmMeta: number | null;
};

/** The remedy, in words. */
export function remedyWords(remedy: Remedy): string {
  switch (remedy.kind) {
    case "restart-service":
      return `restart ${remedy.service}`;
    case "restart-server":
      return `restart ${remedy.server}`;
    case "none":
      return `none, ${remedy.because}`;
  }
}
