/**
 * The faults that can be injected into a running system: the target, what may restart because of it, the signs by
 * which it is detected, and the time budget of each step of the recovery.
 */

import { bridgeService, SERVICE_NAMES, traderOf } from "../supervision/services.ts";
import { COUNTED_BOOK } from "../trading/books.ts";

export const FAULT_NAMES = [
  "bridge-kill",
  "bridge-freeze",
  "trader-kill",
  "listener-drop",
  "slow-network",
  "temporal-kill",
  "hazelcast-kill",
  "worker-kill",
  "upstream-silent",
  "mount-hang",
  "disk-full",
  "clock-skew",
  "watchdog-kill",
  "everything-kill",
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

/** The time from which a budget counts; `back`: when the killed server answers again. */
export type Since = "injected" | "detected" | "undone" | "back";

/** What has to work again before a recovery counts as complete. */
const PROOFS = ["bridge", "trader", "services", "temporal", "hazelcast", "kept"] as const;
export type Proof = (typeof PROOFS)[number];

export type FaultSpec = {
  readonly name: string;
  readonly summary: string;
  /** Processes, by their names in up.json. */
  readonly targets: readonly string[];
  /** Services that may restart because of it; all others have to survive. */
  readonly costs: readonly string[];
  /** Root causes of a diagnosis that indicate this fault; the part after the colon may be omitted. */
  readonly roots: readonly string[];
  /** Null: nobody has to detect it. */
  readonly detectWithinS: number | null;
  /** The rule that has to open an incident in time; null: the fault is over before one is due. */
  readonly alertRule: string | null;
  readonly recover: { readonly withinS: number; readonly since: Since };
  /** Seconds before the fault is undone; 0: a single event with nothing to undo. */
  readonly lastsS: number;
  readonly proofs: readonly Proof[];
};

export type NamedFault = FaultSpec & { readonly name: FaultName };

/** Seconds within which an incident has to be open. */
export const ALERT_WITHIN_S = 60;

/** The services that drills target. */
export const BRIDGE = bridgeService().name;
export const TRADER = traderOf(COUNTED_BOOK).name;
/** The services that end together with their worker. */
const KEPT_BY_WORKER = SERVICE_NAMES;
const SERVERS = ["temporal", "hazelcast"] as const;

const DEAD_S = 1;
const AWAY_S = 6;

export const FAULTS: Readonly<Record<FaultName, NamedFault>> = {
  "bridge-kill": {
    ...kill("bridge-kill", "kill -9 of the scan bridge", [BRIDGE]),
    alertRule: "process_crash",
    recover: { withinS: 2, since: "injected" },
    proofs: ["bridge"],
  },
  "bridge-freeze": {
    ...kill("bridge-freeze", "the scan bridge is frozen (SIGSTOP) until it is replaced", [BRIDGE]),
    detectWithinS: 10,
    // The replacement is no slower than after a crash.
    alertRule: "process_crash",
    recover: { withinS: 2, since: "detected" },
    lastsS: 40,
    proofs: ["bridge"],
  },
  "trader-kill": {
    ...kill("trader-kill", "kill -9 of the trader", [TRADER]),
    alertRule: "process_crash",
    recover: { withinS: 10, since: "injected" },
    proofs: ["trader"],
  },
  "listener-drop": {
    ...blow("listener-drop", "the trader's connections to Hazelcast are closed", [TRADER]),
    detectWithinS: 3,
    recover: { withinS: 10, since: "injected" },
    proofs: ["trader"],
  },
  "slow-network": {
    ...blow("slow-network", "Hazelcast answers only half of the time, for 20 s", ["hazelcast"]),
    // Slowness is not reported as long as it does no harm.
    recover: { withinS: 10, since: "undone" },
    lastsS: 20,
    proofs: ["bridge", "trader"],
  },
  "temporal-kill": {
    ...kill("temporal-kill", "kill -9 of the Temporal server", ["temporal"]),
    roots: ["temporal:"],
    detectWithinS: AWAY_S,
    recover: { withinS: 5, since: "injected" },
    proofs: ["kept", "temporal", "bridge", "trader"],
  },
  "hazelcast-kill": {
    ...kill("hazelcast-kill", "kill -9 of the Hazelcast member, which loses all its data", [
      "hazelcast",
    ]),
    roots: ["hazelcast:"],
    detectWithinS: AWAY_S,
    recover: { withinS: 10, since: "back" },
    proofs: ["kept", "hazelcast", "bridge", "trader"],
  },
  "worker-kill": {
    ...kill("worker-kill", "kill -9 of the worker, which ends its services as well", ["worker"]),
    costs: ["worker", ...KEPT_BY_WORKER],
    recover: { withinS: 7, since: "injected" },
    proofs: ["kept", "services", "bridge", "trader"],
  },
  "upstream-silent": {
    ...blow("upstream-silent", "the demo's simulator is frozen for 45 s", ["simulator"]),
    roots: ["upstream:"],
    // A scan counts as old after 30 s, and health samples every 5 s.
    detectWithinS: 40,
    alertRule: "early_stale",
    recover: { withinS: 15, since: "undone" },
    lastsS: 45,
    proofs: ["bridge", "trader"],
  },
  "mount-hang": {
    ...blow("mount-hang", "the share of the archive does not answer for 20 s", [BRIDGE]),
    roots: ["mount:"],
    detectWithinS: 15,
    recover: { withinS: 5, since: "undone" },
    lastsS: 20,
    proofs: ["bridge"],
  },
  "disk-full": {
    ...blow("disk-full", "the bridge's disk is full for 15 s", [BRIDGE]),
    roots: ["disk:", `process:${BRIDGE}`, "bridge:"],
    detectWithinS: 10,
    recover: { withinS: 10, since: "undone" },
    lastsS: 15,
    proofs: ["bridge", "trader"],
  },
  "clock-skew": {
    ...blow("clock-skew", "the clock of our processes is an hour ahead for 20 s", [BRIDGE]),
    roots: ["clock:", "values:"],
    detectWithinS: 15,
    // For this long, ages by the wall clock are not believed.
    recover: { withinS: 60, since: "undone" },
    lastsS: 20,
    proofs: ["bridge", "trader"],
  },
  "watchdog-kill": {
    ...kill("watchdog-kill", "kill -9 of the watchdog", ["watchdog"]),
    recover: { withinS: 5, since: "injected" },
    proofs: ["kept"],
  },
  "everything-kill": {
    ...kill("everything-kill", "kill -9 of both servers, the worker and the bridge at once", [
      ...SERVERS,
      "worker",
      BRIDGE,
    ]),
    costs: [...SERVERS, "worker", ...KEPT_BY_WORKER],
    recover: { withinS: 30, since: "injected" },
    proofs: ["kept", "services", "temporal", "hazelcast", "bridge", "trader"],
  },
};

type Common = Omit<NamedFault, "recover" | "proofs">;

function kill(name: FaultName, summary: string, targets: readonly string[]): Common {
  return { ...blow(name, summary, targets), costs: targets, detectWithinS: DEAD_S };
}

function blow(name: FaultName, summary: string, targets: readonly string[]): Common {
  return {
    name,
    summary,
    targets,
    costs: [],
    roots: [],
    detectWithinS: null,
    alertRule: null,
    lastsS: 0,
  };
}
