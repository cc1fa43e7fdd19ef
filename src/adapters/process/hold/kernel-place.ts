/** Where a pid and its start time mean one process, and what is seen of a pid from here. */
import { readFileSync, readlinkSync } from "node:fs";
import { codeOf } from "../../../domain/failure.ts";
import type { SeenProcess } from "../../../domain/supervision/hold/release.ts";
import { startedTicks, isProcessAlive } from "../process-facts.ts";

/**
 * The boot of this kernel, and the namespaces that give pids and start times their meaning: two hosts with one name differ
 * in it, two containers on one host, and a host before and after its restart. Null where that is not known, as beside a
 * /proc of other processes.
 */
export function kernelPlace(): string | null {
  try {
    if (Number(readlinkSync("/proc/self")) !== process.pid) return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return [boot, readlinkSync("/proc/self/ns/pid"), timeNamespace()].join(" ");
  } catch {
    return null;
  }
}

/** The mount may hide processes of other users, which a signal still finds. */
export function seenProcess(pid: number): SeenProcess {
  const ticks = startedTicks(pid);
  if (ticks !== null) return { isZombie: !isProcessAlive(pid, ticks), ticks };
  try {
    process.kill(pid, 0);
    return "unseen";
  } catch (error) {
    return codeOf(error) === "ESRCH" ? "none" : "unseen";
  }
}

/** Kernels before 5.6 have none. */
function timeNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/time");
  } catch {
    return "";
  }
}
