/**
 * Limits a service's process: memory, CPU and tasks by control groups where the kernel lets us create them, else
 * memory by an rlimit. Invariant: a limit that is not available is reported in the log, and never prevents the
 * service from starting.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../domain/failure.ts";
import type { ServiceLimits } from "../../../domain/supervision/services.ts";
import { isProcessAlive } from "../process-facts.ts";
import { type CgroupPlace, cgroupPlaces, type Controller, CONTROLLERS } from "./cgroup-places.ts";

export type Program = { readonly file: string; readonly args: readonly string[] };

export type Confinement = {
  /** Wraps the program's command line so that limits apply. */
  readonly wrap: <T extends Program>(program: T) => T;
  /** Puts a newly started process under its limits. */
  readonly enter: (pid: number) => void;
  /** Which limits are enforced, and how; and which are not. */
  readonly words: () => string;
  /** Whether the kernel killed a process because it exceeded the memory limit. */
  readonly hasRunOut: () => boolean;
  /** Called when no process of it is left. */
  readonly leave: () => void;
};

export type CgroupPlaces = Readonly<Record<Controller, CgroupPlace | null>>;

const NO_PLACES: CgroupPlaces = { memory: null, cpu: null, pids: null };
const PREFIX = "dolphin-";
const SHELL = "/bin/sh";
const MIB = 1_048_576;
const KIB = 1_024;
const CPU_PERIOD_US = 100_000;
/**
 * An rlimit also counts memory that is reserved but never touched: thread stacks, heaps that may grow, code ranges.
 */
const RESERVED_BYTES = 1_024 * MIB;

/** The control groups of this process; none where the kernel has no control groups, or on another system. */
export function ownPlaces(): CgroupPlaces {
  try {
    return cgroupPlaces({
      cgroup: readFileSync("/proc/self/cgroup", "utf8"),
      mountinfo: readFileSync("/proc/self/mountinfo", "utf8"),
      isRoot: process.getuid?.() === 0,
      handedDown,
    });
  } catch {
    return NO_PLACES;
  }
}

export function confine(name: string, limits: ServiceLimits, places: CgroupPlaces): Confinement {
  const made = new Map<Controller, string>();
  const problems = new Map<Controller, string>();
  for (const controller of CONTROLLERS) {
    const place = places[controller];
    if (place === null) continue;
    try {
      made.set(controller, makeGroup(place, name));
      for (const [file, text] of capsOf(controller, place.version, limits)) {
        writeFileSync(join(made.get(controller)!, file), text);
      }
    } catch (error) {
      problems.set(controller, messageOf(error));
    }
  }
  const holds = (controller: Controller) => made.has(controller) && !problems.has(controller);
  // A group that could not be removed after the last life has kept its count.
  const killsBefore = holds("memory") ? killsIn(made.get("memory")!) : 0;
  const byRlimit = !holds("memory") && existsSync(SHELL);
  return {
    wrap: (program) => (byRlimit ? { ...program, ...underRlimit(program, limits) } : program),
    enter(pid) {
      for (const [controller, folder] of made) {
        try {
          writeFileSync(join(folder, "cgroup.procs"), String(pid));
        } catch (error) {
          problems.set(controller, messageOf(error));
        }
      }
    },
    words: () => wordsOf(limits, { holds, byRlimit, problems }),
    hasRunOut: () => holds("memory") && killsBefore < killsIn(made.get("memory")!),
    leave() {
      for (const folder of new Set(made.values())) removeGroup(folder);
    },
  };
}

/** One per worker and service, so that another stack on the same machine has its own. */
function makeGroup({ folder }: CgroupPlace, name: string): string {
  sweep(folder);
  const group = join(folder, `${PREFIX}${name}-${process.pid}`);
  mkdirSync(group, { recursive: true });
  return group;
}

/** Removes groups of killed workers: only an empty group can be removed. */
function sweep(folder: string): void {
  for (const entry of readdirSync(folder)) {
    const pid = entry.startsWith(PREFIX) ? Number(entry.split("-").at(-1)) : Number.NaN;
    if (Number.isInteger(pid) && !isProcessAlive(pid, null)) removeGroup(join(folder, entry));
  }
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It has processes, or another worker has removed it.
  }
}

function capsOf(
  controller: Controller,
  version: 1 | 2,
  { memoryMaxBytes, cpuMaxPercent, tasksMax }: ServiceLimits,
): readonly (readonly [file: string, text: string])[] {
  const quota = String(Math.round((cpuMaxPercent / 100) * CPU_PERIOD_US));
  switch (controller) {
    case "memory":
      return [[version === 1 ? "memory.limit_in_bytes" : "memory.max", String(memoryMaxBytes)]];
    case "cpu":
      if (version === 2) return [["cpu.max", `${quota} ${CPU_PERIOD_US}`]];
      return [
        ["cpu.cfs_period_us", String(CPU_PERIOD_US)],
        ["cpu.cfs_quota_us", quota],
      ];
    case "pids":
      return [["pids.max", String(tasksMax)]];
  }
}

/** A shell that sets the limit and then executes the program; a lower limit already in force stays. */
function underRlimit({ file, args }: Program, { memoryMaxBytes }: ServiceLimits): Program {
  const kilobytes = Math.round((memoryMaxBytes + RESERVED_BYTES) / KIB);
  const script = `ulimit -d ${kilobytes} 2>/dev/null; exec "$0" "$@"`;
  return { file: SHELL, args: ["-c", script, file, ...args] };
}

function wordsOf(
  { memoryMaxBytes, cpuMaxPercent, tasksMax }: ServiceLimits,
  how: {
    readonly holds: (controller: Controller) => boolean;
    readonly byRlimit: boolean;
    readonly problems: ReadonlyMap<Controller, string>;
  },
): string {
  const { holds, byRlimit, problems } = how;
  const memory = `memory ${Math.round(memoryMaxBytes / MIB)} MiB`;
  const wanted = { memory, cpu: `CPU ${cpuMaxPercent} %`, pids: `${tasksMax} tasks` };
  return CONTROLLERS.map((controller) => {
    if (holds(controller)) return `${wanted[controller]} by cgroup`;
    if (controller === "memory" && byRlimit)
      return `${wanted.memory} by rlimit, plus reserved address space`;
    return `${wanted[controller]} not enforced (${problems.get(controller) ?? "no cgroup to write"})`;
  }).join(", ");
}

function killsIn(folder: string): number {
  for (const file of ["memory.events", "memory.oom_control"]) {
    try {
      const kills = /^oom_kill (\d+)$/m.exec(readFileSync(join(folder, file), "utf8"))?.[1];
      if (kills !== undefined) return Number(kills);
    } catch {
      // The group belongs to the other version.
    }
  }
  return 0;
}

function handedDown(folder: string): readonly string[] {
  try {
    return readFileSync(join(folder, "cgroup.subtree_control"), "utf8").trim().split(" ");
  } catch {
    return [];
  }
}
