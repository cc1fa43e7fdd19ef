/** Who listens on a port, from /proc (Linux): a taken port is easier to free when its holder has a name. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTEN_STATE = "0A";

export type PortHolder = {
  /** `java (pid 123)`; a process of ours by its verb. */
  readonly name: string;
  /** Whether it runs a program of a DOLPHIN checkout; the servers are not such. */
  readonly isOurs: boolean;
};

/** Null where it is unknown. */
export function holderOfPort(port: number): PortHolder | null {
  const inodes = new Set(["tcp", "tcp6"].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  for (const pid of numbersIn("/proc")) {
    const isHolder = numbersIn(`/proc/${pid}/fd`).some((fd) => {
      const socket = /^socket:\[(\d+)\]$/.exec(readOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
      return inodes.has(socket?.[1] ?? "");
    });
    if (isHolder) return holderOf(pid);
  }
  return null;
}

/** Node calls its main thread `MainThread`, so its command line says more. */
function holderOf(pid: string): PortHolder {
  const words = readOr(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  const at = words.findIndex((word) => OUR_PROGRAM.test(word));
  const own = words.slice(at + 1).filter((word) => /^[a-z]+$/.test(word));
  const command = readOr(() => readFileSync(`/proc/${pid}/comm`, "utf8")).trim();
  const name = at < 0 ? command : ["dolphin", ...own.slice(0, 1)].join(" ");
  return { name: `${name} (pid ${pid})`, isOurs: 0 <= at };
}

const OUR_PROGRAM = /(^|\/)src\/(cli|dashboard|services|workers)\/[\w/-]+\.ts$/;

function listeningInodes(table: string, port: number): string[] {
  const rows = readOr(() => readFileSync(`/proc/net/${table}`, "utf8"))
    .split("\n")
    .slice(1);
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN_STATE)
    .flatMap((fields) => fields[9] ?? []);
}

function numbersIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
