/** Diagnoses as the service health sends them to metaHealth: of a cause that is ours, and of one that is not. */
import type { Diagnosis, Root } from "../../../src/domain/health/diagnose.ts";

export const SICK: Root = {
  id: "bridge:fake",
  kind: "bridge",
  subject: "fake",
  owner: "ours",
  evidence: ["a complete file lies unpushed for 65 s"],
  remedy: { kind: "restart-service", service: "fake" },
};
export const SILENT: Root = {
  id: "upstream:scan",
  kind: "upstream",
  subject: "scan",
  owner: "upstream",
  evidence: ["scan is 10 min old"],
  remedy: { kind: "none", because: "it heals by itself" },
};

export function diagnosed(...roots: Root[]): Diagnosis {
  return { roots, symptoms: [], word: roots.length === 0 ? "GREEN" : "DEGRADED", rmMeta: 1 };
}
