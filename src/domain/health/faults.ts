/** The faults found so far in a diagnosis, with the lookups into the sample that its steps share. */
import type { Remedy, Root, RootKind, Symptom } from "./diagnosis.ts";
import type { HealthGraph, ServiceNode } from "./graph.ts";
import type { FeedSample, HealthSample, ServiceSample } from "./sample.ts";

export type NewRoot = Pick<Root, "kind" | "subject" | "owner" | "remedy"> & {
  readonly says: string;
};

export type SampledService = { readonly node: ServiceNode; readonly seen: ServiceSample };

export type Faults = {
  readonly sample: HealthSample;
  readonly graph: HealthGraph;
  readonly roots: ReadonlyMap<string, Root>;
  /** By subject; a symptom of several roots is counted for the first. */
  readonly symptoms: ReadonlyMap<string, Symptom>;
  /** Adds a root, or adds to the evidence of an existing one; returns its id. */
  root(found: NewRoot): string;
  symptom(symptom: Symptom): void;
  /** The root behind a faulty subject: its own root, or the one whose symptom it is. */
  rootOf(subject: string): string | null;
  service(name: string): SampledService | null;
  feed(name: string): FeedSample | null;
};

const EVIDENCE_MAX = 8;

export function createFaults(sample: HealthSample, graph: HealthGraph): Faults {
  const roots = new Map<string, Root>();
  const symptoms = new Map<string, Symptom>();
  return {
    sample,
    graph,
    roots,
    symptoms,
    root({ kind, subject, owner, remedy, says }) {
      const id = rootId(kind, subject);
      const known = roots.get(id);
      if (known === undefined) {
        roots.set(id, { id, kind, subject, owner, evidence: [says], remedy });
      } else if (known.evidence.length < EVIDENCE_MAX && !known.evidence.includes(says)) {
        roots.set(id, { ...known, evidence: [...known.evidence, says] });
      }
      return id;
    },
    symptom(symptom) {
      if (!symptoms.has(symptom.subject)) symptoms.set(symptom.subject, symptom);
    },
    rootOf(subject) {
      // A layer may have the name of a feed; code that deals with workers asks for the worker's root id.
      const own = [...roots.values()].find(
        (root) => root.subject === subject && root.kind !== "worker",
      );
      return own?.id ?? symptoms.get(subject)?.of ?? null;
    },
    service(name) {
      const node = graph.services.find((one) => one.name === name);
      const seen = sample.services.find((one) => one.name === name);
      return node === undefined || seen === undefined ? null : { node, seen };
    },
    feed: (name) => sample.feeds.find((one) => one.name === name) ?? null,
  };
}

export function rootId(kind: RootKind, subject: string): string {
  return `${kind}:${subject}`;
}

export function nothing(because: string): Remedy {
  return { kind: "none", because };
}

/** Whether it is older than its budget. */
export function isOld({ ageS, budgetS }: FeedSample): boolean {
  return ageS !== null && budgetS < ageS;
}
