/** Finds the process that serves a FUSE mount: stopping it makes the mount hang, without root. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { startedTicks } from "../process/process-facts.ts";

export type Mount = { readonly path: string; readonly type: string };
export type FuseServer = { readonly pid: number; readonly ticks: number };

/** The mount that contains `path`; null where that is unknown (no /proc). */
export function mountOf(path: string): Mount | null {
  const at = realpathSync(path);
  const mounts = (read("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const mount = unescaped(left.split(" ")[4] ?? "");
    const type = right.split(" ")[0] ?? "";
    const isAbove = mount === "/" || at === mount || at.startsWith(`${mount}/`);
    return mount !== "" && isAbove ? [{ path: mount, type }] : [];
  });
  // Of two mounts at one path the later one covers the other.
  return mounts.reduce<Mount | null>(
    (best, one) => (best === null || best.path.length <= one.path.length ? one : best),
    null,
  );
}

/** The process that has /dev/fuse open and this mount in its command line; null where it is not ours. */
export function fuseServerOf({ path }: Mount): FuseServer | null {
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!(0 < pid)) continue;
    const args = (read(`/proc/${pid}/cmdline`) ?? "").split("\0");
    if (!args.includes(path) || !holdsFuse(pid)) continue;
    const ticks = startedTicks(pid);
    if (ticks !== null) return { pid, ticks };
  }
  return null;
}

function holdsFuse(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some(
      (fd) => linkOf(`/proc/${pid}/fd/${fd}`) === "/dev/fuse",
    );
  } catch {
    return false;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** The kernel writes a space as \040. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(parseInt(octal, 8)),
  );
}
