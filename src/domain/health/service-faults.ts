/** Faults of services: what the process itself shows is a root, what its verdict blames on another is a symptom. */
import type { Cause } from "../supervision/ties.ts";
import type { Remedy } from "./diagnosis.ts";
import { type Faults, nothing, rootId, type SampledService } from "./faults.ts";
import { SCAN_FEED } from "./feeds.ts";
import type { ServiceNode } from "./graph.ts";
import type { ServiceSample } from "./sample.ts";
import { dependencyRoot } from "./server-faults.ts";

export function serviceFaults(faults: Faults): void {
  for (const node of faults.graph.services) {
    const found = faults.service(node.name);
    if (found !== null && found.seen.isWanted) serviceFault(faults, found);
  }
}

function serviceFault(faults: Faults, service: SampledService): void {
  const { node } = service;
  const own = ownEvidence(service);
  if (own === null) return borrowedFault(faults, service);
  // It ends with the worker that keeps it, and starts with it.
  const worker = rootId("worker", node.layer);
  if (own.isGone && faults.roots.has(worker)) {
    return faults.symptom({ subject: node.name, says: own.says, of: worker });
  }
  const isAway = faults.roots.has("temporal:temporal");
  const remedy =
    own.remedy.kind === "restart-service" && isAway
      ? nothing("while Temporal is away its keeper restarts it by the same policy")
      : own.remedy;
  faults.root({ kind: own.kind, subject: node.name, owner: own.owner, says: own.says, remedy });
}

type OwnEvidence = {
  readonly kind: "process" | "bridge";
  readonly owner: "ours" | "operator";
  readonly says: string;
  readonly remedy: Remedy;
  /** It has no process, or nobody reports on it. */
  readonly isGone: boolean;
};

/** Faults that the service itself shows; null where nothing is wrong with it, or another is to blame. */
function ownEvidence({ node, seen }: SampledService): OwnEvidence | null {
  const { name, phase, verdict } = seen;
  const restart: Remedy = { kind: "restart-service", service: name };
  const says = `${name}: ${verdict?.reason ?? phase}`;
  const ours = { kind: "process", owner: "ours", says, remedy: restart, isGone: false } as const;
  const isGone = phase === "absent" || phase === "fatal";
  // A service that its supervisor holds back has no process either: the verdict's word says so.
  const blocked = isGone || phase === "running" ? blockedBecause(seen, isGone) : null;
  if (blocked !== null) return { ...ours, owner: "operator", remedy: nothing(blocked) };
  if (isGone) {
    const remedy = nothing(`its supervisor starts it: ${verdict?.reason ?? phase}`);
    return { ...ours, isGone: true, remedy };
  }
  if (phase !== "running" || verdict === null) return null;
  switch (verdict.word) {
    case "FATAL":
      return ours;
    case "Down":
      // Nobody reports on it: that is evidence about its worker only.
      return verdict.action === "restart" ? ours : { ...ours, isGone: true, remedy: unheard() };
    case "Error":
      return verdict.cause === "process" ? ours : null;
    case "Stale": {
      const isBridge = verdict.cause === "bridge" && node.isBridge;
      if (!isBridge && verdict.cause !== "process") return null;
      const remedy = verdict.action === "restart" ? restart : nothing("it may still become ready");
      return { ...ours, kind: isBridge ? "bridge" : "process", remedy };
    }
    case "Healthy":
    case "Warning":
    case "Stale (upstream)":
    case "Waiting":
    case "Starting":
    case "Stopped":
    case "Fenced":
    case "Unkillable":
      return null;
  }
}

/** Why a restart would not mend it; null: it might. */
function blockedBecause({ verdict }: ServiceSample, isGone: boolean): string | null {
  switch (verdict?.word) {
    case "Unkillable":
      return "the kernel holds the process: no restart ends it";
    case "Fenced":
      return "another one with a newer epoch does its work";
    case "Error":
      return isGone ? "its configuration is wrong: a person has to correct it" : null;
    case undefined:
    case "FATAL":
    case "Down":
    case "Stale":
    case "Healthy":
    case "Warning":
    case "Stale (upstream)":
    case "Waiting":
    case "Starting":
    case "Stopped":
      return null;
  }
}

function unheard(): Remedy {
  return nothing("nothing reports on it, which says nothing about its process");
}

/** The dependency that a verdict blames, by its cause, where that is not a service. */
const BLAMED: Readonly<Partial<Record<Cause, string>>> = {
  mount: "archive",
  hazelcast: "hazelcast",
  temporal: "temporal",
  postgres: "postgres",
};

/** A fault that its verdict blames on another. */
function borrowedFault(faults: Faults, { node, seen }: SampledService): void {
  const { verdict } = seen;
  if (verdict === null || verdict.word === "Healthy" || verdict.word === "Starting") return;
  const says = `${node.name}: ${verdict.reason}`;
  const of = blamedRoot(faults, { node, seen }, says);
  if (of !== null) faults.symptom({ subject: node.name, says, of });
}

function blamedRoot(faults: Faults, { node, seen }: SampledService, says: string): string | null {
  const cause = seen.verdict?.cause ?? "none";
  const dependency = BLAMED[cause];
  if (dependency !== undefined) {
    const known = faults.rootOf(dependency);
    const root = dependencyRoot(dependency);
    if (known !== null || root === null) return known;
    // The server answers us, or did a moment ago: it needs no restart.
    const remedy =
      root.remedy.kind === "none"
        ? root.remedy
        : nothing("it answers other clients; this one reconnects");
    return faults.root({ ...root, remedy, says });
  }
  if (cause === "upstream") {
    // A warning may be about an input beside the scans, or about a late scan, which its age reports.
    const isGrave = seen.verdict?.word !== "Warning";
    return nearestRoot(faults, node) ?? (isGrave ? upstreamRoot(faults, says) : null);
  }
  return cause === "bridge" || cause === "trader" ? nearestRoot(faults, node) : null;
}

function upstreamRoot(faults: Faults, says: string): string {
  return faults.root({
    kind: "upstream",
    subject: SCAN_FEED,
    owner: "upstream",
    says,
    remedy: nothing("it recovers by itself when its source continues"),
  });
}

/** The nearest of its dependencies that is at fault or was stopped. */
export function nearestRoot(faults: Faults, node: ServiceNode): string | null {
  for (const name of node.dependsOn) {
    const of = faults.rootOf(name);
    if (of !== null) return of;
    const service = faults.service(name);
    // A service that an operator stopped is a cause only where something suffers from it.
    if (service !== null && isStopped(service.seen)) return stoppedRoot(faults, name);
  }
  return null;
}

export function isStopped({ isWanted, phase }: ServiceSample): boolean {
  return !isWanted && (phase === "stopped" || phase === "absent");
}

function stopSays(name: string): string {
  return `an operator stopped it ('dolphin start ${name}')`;
}

/** Whether the root is not a fault but an operator's intent. */
export function isOperatorsStop(root: {
  readonly kind: string;
  readonly subject: string;
  readonly remedy: Remedy;
}): boolean {
  const { kind, subject, remedy } = root;
  return kind === "process" && remedy.kind === "none" && remedy.because === stopSays(subject);
}

export function stoppedRoot(faults: Faults, name: string): string {
  return faults.root({
    kind: "process",
    subject: name,
    owner: "operator",
    says: `${name} is stopped`,
    remedy: nothing(stopSays(name)),
  });
}
