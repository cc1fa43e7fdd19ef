/** An observation of the running system during a drill, and which parts of it prove that a fault is over. */
import { BRIDGE, type FaultSpec, type Proof, TRADER } from "./drill-faults.ts";

export type ObservedBeat = {
  readonly pid: number;
  readonly lastSeq: number | null;
  /** The service's own phrase while it waits for something; else null. */
  readonly waits: string | null;
};

/** The values in Hazelcast. */
export type Values = {
  /** The member that answered. */
  readonly member: string;
  /** Null: there is no scan. */
  readonly scan: { readonly seq: number; readonly instance: string } | null;
  /** By service. */
  readonly beats: Readonly<Record<string, ObservedBeat>>;
};

export type Sign = {
  readonly atMs: number;
  /** The observer: a log, or health. */
  readonly by: string;
  readonly says: string;
};

export type DrillObservation = {
  readonly atMs: number;
  /** Process ids of all processes, by their names in up.json. */
  readonly pids: Readonly<Record<string, number>>;
  /** Null: Hazelcast does not answer. */
  readonly values: Values | null;
  readonly isTemporalThere: boolean;
  /** Root causes of health's newest report; null: there is no new one. */
  readonly roots: readonly string[] | null;
  /** All signs of the fault since it was injected. */
  readonly signs: readonly Sign[];
  /** Null: alerting does not run; else when the incident of this fault was opened, or null so far. */
  readonly alerts: { readonly openedMs: number | null } | null;
};

/** What a recovery still lacks, in words; empty: nothing. */
export function missingOf(
  fault: Pick<FaultSpec, "proofs" | "costs" | "targets">,
  before: DrillObservation,
  now: DrillObservation,
): readonly string[] {
  return fault.proofs.flatMap((proof) => CHECKS[proof](fault, before, now) ?? []);
}

type Check = (
  fault: Pick<FaultSpec, "costs" | "targets">,
  before: DrillObservation,
  now: DrillObservation,
) => string | null;

const CHECKS: Readonly<Record<Proof, Check>> = {
  bridge({ costs }, before, now) {
    const scan = now.values?.scan ?? null;
    if (scan === null) return "no scan is in Hazelcast";
    const was = before.values?.scan ?? null;
    if (was !== null && scan.seq <= was.seq) return "no scan was pushed since";
    const isSame = costs.includes(BRIDGE) && scan.instance === was?.instance;
    return isSame ? "the scan was pushed by the former bridge" : null;
  },
  trader(_, before, now) {
    const beat = now.values?.beats[TRADER];
    if (beat === undefined || beat.pid !== now.pids[TRADER])
      return "the trader has sent no heartbeat yet";
    if (beat.waits !== null) return `the trader is ${beat.waits}`;
    const was = before.values?.scan?.seq ?? 0;
    return (beat.lastSeq ?? 0) <= was ? "the trader has taken no scan since" : null;
  },
  services({ costs }, before, now) {
    const beats = now.values?.beats ?? {};
    const missing = costs.filter((name) => {
      if (before.values?.beats[name] === undefined) return false;
      const pid = now.pids[name];
      return pid === undefined || pid === before.pids[name] || beats[name]?.pid !== pid;
    });
    return missing.length === 0
      ? null
      : `no new process of ${missing.join(", ")} sends heartbeats yet`;
  },
  kept({ targets }, before, now) {
    const missing = targets.filter((name) => {
      const pid = now.pids[name];
      return pid === undefined || pid === before.pids[name];
    });
    return missing.length === 0 ? null : `${missing.join(", ")} does not run again yet`;
  },
  temporal: (_, __, now) => (now.isTemporalThere ? null : "Temporal does not answer"),
  hazelcast(_, before, now) {
    if (now.values === null || now.values.member === before.values?.member) {
      return "no new member of Hazelcast answers";
    }
    const lost = Object.keys(before.values?.beats ?? {}).filter(
      (name) => now.values?.beats[name] === undefined,
    );
    return lost.length === 0 ? null : `${lost.join(", ")} is not in it again yet`;
  },
};

/** Services that restarted although the fault should not have touched them. */
export function costBeyond(
  { costs }: Pick<FaultSpec, "costs">,
  before: DrillObservation,
  now: DrillObservation,
): readonly string[] {
  return Object.entries(before.pids).flatMap(([name, pid]) =>
    costs.includes(name) || now.pids[name] === pid ? [] : [name],
  );
}

/** The root causes among these that indicate the fault. */
export function rootsOf(
  { roots }: Pick<FaultSpec, "roots">,
  found: readonly string[],
): readonly string[] {
  return found.filter((id) => roots.some((known) => id.startsWith(known)));
}
