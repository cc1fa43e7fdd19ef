/** What a diagnosis says: the causes, each with whose it is and what mends it, and what only follows from them. */
import type { HealthWord } from "./health-word.ts";

/** Whose a fault is: ours to mend, of somebody upstream, or of who runs this machine. */
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
  /** What stands in Hazelcast makes no sense. */
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
  /** The id of the root that it follows from. */
  readonly of: string;
};

export type Diagnosis = {
  readonly roots: readonly Root[];
  readonly symptoms: readonly Symptom[];
  readonly word: HealthWord;
  /** Product of the sensors that are known; null where none is. */
  readonly rmMeta: number | null;
};

/** What mends it, in words. */
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
