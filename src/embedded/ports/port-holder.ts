/** Who listens on a port, from /proc (Linux): a taken port is easier to free when its holder has a name. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTEN_STATE = "0A";

/** `java (pid 123)`, or null where it is unknown. */
export function holderOfPort(port: number): string | null {
  const inodes = new Set(["tcp", "tcp6"].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return null;
  for (const pid of numbersIn("/proc")) {
    const isHolder = numbersIn(`/proc/${pid}/fd`).some((fd) => {
      const socket = /^socket:\[(\d+)\]$/.exec(readOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
      return inodes.has(socket?.[1] ?? "");
    });
    if (isHolder)
      return `${readOr(() => readFileSync(`/proc/${pid}/comm`, "utf8")).trim()} (pid ${pid})`;
  }
  return null;
}

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
