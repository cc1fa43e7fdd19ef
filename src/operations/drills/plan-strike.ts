/** How a fault can be injected into this system, or why it cannot. */
import { startedTicks } from "../../adapters/process/process-facts.ts";
import {
  dropStrike,
  freezeStrike,
  fullStrike,
  hangStrike,
  killStrike,
  skewStrike,
  slowStrike,
  type Strike,
  type Struck,
} from "../../adapters/faults/strikes.ts";
import type { NamedFault } from "../../domain/drills/drill-faults.ts";

export type StrikeWorld = {
  readonly dataDir: string;
  readonly archive: string;
  /** host:port */
  readonly hazelcast: string;
  readonly pids: Readonly<Record<string, number>>;
};

export function planStrike(fault: NamedFault, world: StrikeWorld): Strike {
  const { dataDir, archive, hazelcast, pids } = world;
  const absent = fault.targets.filter((name) => pids[name] === undefined);
  if (0 < absent.length) return { kind: "cannot", why: absentText(absent) };
  const these = fault.targets.flatMap((name) => struckOf(name, pids[name]));
  const [first] = these;
  if (first === undefined || these.length < fault.targets.length) {
    return { kind: "cannot", why: "this machine has no /proc, by which a process is identified" };
  }
  switch (fault.name) {
    case "bridge-kill":
    case "trader-kill":
    case "temporal-kill":
    case "hazelcast-kill":
    case "worker-kill":
    case "watchdog-kill":
    case "everything-kill":
      return killStrike(these);
    case "bridge-freeze":
    case "upstream-silent":
      return freezeStrike(dataDir, { name: fault.name }, these);
    case "slow-network":
      return slowStrike(dataDir, fault.name, first);
    case "listener-drop":
      return dropStrike(first, Number(hazelcast.split(":").at(-1)));
    case "mount-hang":
      return hangStrike(dataDir, fault.name, archive);
    case "disk-full":
      return fullStrike(dataDir, fault.name, first);
    case "clock-skew":
      return skewStrike(dataDir, fault.name, first);
  }
}

/** Identified by pid and start time; empty where the machine does not provide the latter. */
export function struckOf(name: string, pid: number | undefined): readonly Struck[] {
  const ticks = pid === undefined ? null : startedTicks(pid);
  return pid === undefined || ticks === null ? [] : [{ name, pid, ticks }];
}

function absentText(names: readonly string[]): string {
  const [name = ""] = names;
  const where = {
    simulator: "there is no simulator here: only 'dolphin up --demo' runs one",
    temporal: "Temporal is not run by a 'dolphin up' on this data directory",
    hazelcast: "Hazelcast is not run by a 'dolphin up' on this data directory",
  }[name];
  return `${names.join(", ")} not running${where === undefined ? "" : `: ${where}`}`;
}
