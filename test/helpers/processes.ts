/** Finds processes of a test by what they work on, so that an orphan is noticed whoever started it. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export type FoundProcess = { readonly pid: number; readonly command: string };

/** Living processes (no zombies) whose command line, directory or environment names `dir`. */
export function processesOn(dir: string): FoundProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      const isZombie = /^State:\s+Z/m.test(read(`/proc/${pid}/status`));
      const told = `${command} ${linkOf(`/proc/${pid}/cwd`)} ${read(`/proc/${pid}/environ`)}`;
      return !isZombie && told.includes(dir) ? [{ pid: Number(pid), command }] : [];
    });
}

/** Polls until `isTrue`; fails with what `tell` says when it does not become true in time. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  within: { readonly ms: number; readonly tell: () => string },
): Promise<void> {
  const deadlineMs = performance.now() + within.ms;
  while (!(await isTrue())) {
    if (deadlineMs < performance.now()) throw new Error(`not in ${within.ms} ms: ${within.tell()}`);
    await delay(50);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
