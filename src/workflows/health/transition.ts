/** Parses a transition that arrived by signal, which anybody with access to Temporal can send. */
import type { Diagnosis, Root } from "../../domain/health/diagnose.ts";
import type { Transition } from "../../domain/health/recovery.ts";

const ROOTS_MAX = 64;

/** Null where it is not valid. */
export function readTransition(raw: unknown): Transition | null {
  if (!isObject(raw)) return null;
  const { atMs, diagnosis } = raw;
  return typeof atMs === "number" && isDiagnosis(diagnosis) ? { atMs, diagnosis } : null;
}

function isDiagnosis(value: unknown): value is Diagnosis {
  if (!isObject(value) || typeof value["word"] !== "string") return false;
  const { roots } = value;
  return Array.isArray(roots) && roots.length <= ROOTS_MAX && roots.every(isRoot);
}

function isRoot(value: unknown): value is Root {
  if (!isObject(value)) return false;
  const { id, owner, evidence, remedy } = value;
  return (
    typeof id === "string" &&
    typeof owner === "string" &&
    Array.isArray(evidence) &&
    evidence.every((one) => typeof one === "string") &&
    isRemedy(remedy)
  );
}

function isRemedy(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { kind, service, server, because } = value;
  if (kind === "restart-service") return typeof service === "string";
  if (kind === "restart-server") return typeof server === "string";
  return kind === "none" && typeof because === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
