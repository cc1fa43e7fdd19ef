/**
 * The fault injections of drills: each function injects one kind of fault into processes of the same user, without
 * root, or says why it is not possible here.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeOf } from "../../domain/failure.ts";
import { isProcessAlive } from "../process/process-facts.ts";
import { fuseServerOf, mountOf } from "./fuse-server.ts";
import { type Injected, inject } from "./injected.ts";

export type Struck = {
  readonly name: string;
  readonly pid: number;
  readonly ticks: number;
};

/** A possible injection; a null undo means a single event with nothing to undo. */
export type Strike =
  | { readonly kind: "can"; readonly how: string; strike(): Injected | null }
  /** With what would make it possible. */
  | { readonly kind: "cannot"; readonly why: string };

const DROP = fileURLToPath(new URL("drop-connections.py", import.meta.url));
const DROP_MS_MAX = 10_000;
const BALLAST = ".drill-ballast";
/** On a larger disk others might be affected. */
const BALLAST_BYTES_MAX = 4_294_967_296;
/** For a disk in memory: filling it takes memory from every process of the machine. */
const RAM_BYTES_MAX = 268_435_456;
const IN_RAM: ReadonlySet<string> = new Set(["tmpfs", "ramfs"]);
const CHUNK = Buffer.alloc(1_048_576);
const PULSE_MS = 600;
const STOPPED_MS = 300;
const SKEW_S = 3_600;

export function killStrike(these: readonly Struck[]): Strike {
  return {
    kind: "can",
    how: `SIGKILL to ${namesOf(these)}`,
    strike() {
      for (const one of these) signal(one, "SIGKILL");
      return null;
    },
  };
}

/** Until it is undone, at the latest after `standsSMax`. */
export function freezeStrike(
  dataDir: string,
  { name, standsSMax }: { readonly name: string; readonly standsSMax?: number },
  these: readonly Struck[],
): Strike {
  const stands = standsSMax === undefined ? {} : { standsSMax };
  return {
    kind: "can",
    how: `SIGSTOP to ${namesOf(these)}, SIGCONT at the end`,
    strike: () =>
      inject(dataDir, { name, undo: continueAll(these), ...stands }, () => {
        for (const one of these) signal(one, "SIGSTOP");
      }),
  };
}

/** Stops the process half of the time: every answer is late, and all arrive. */
export function slowStrike(dataDir: string, name: string, one: Struck): Strike {
  return {
    kind: "can",
    how: `${one.name} is frozen for ${STOPPED_MS} of each ${PULSE_MS} ms (slowing the network itself needs root: tc, iptables)`,
    strike() {
      const stopped = inject(dataDir, { name, undo: continueAll([one]) }, () => undefined);
      const pulse = setInterval(() => {
        signal(one, "SIGSTOP");
        setTimeout(() => signal(one, "SIGCONT"), STOPPED_MS);
      }, PULSE_MS);
      return {
        undo() {
          clearInterval(pulse);
          signal(one, "SIGCONT");
          stopped.undo();
        },
      };
    },
  };
}

export function dropStrike(one: Struck, port: number): Strike {
  const python = spawnSync("python3", ["-c", "import os; os.pidfd_open"], {
    timeout: DROP_MS_MAX,
    stdio: "ignore",
  });
  if (python.status !== 0) {
    return cannot(
      "cutting a connection of another process needs python3 (3.9 or later) on the PATH",
    );
  }
  return {
    kind: "can",
    how: `each connection of ${one.name} to port ${port} is shut down`,
    strike() {
      const done = spawnSync("python3", [DROP, String(one.pid), String(port)], {
        timeout: DROP_MS_MAX,
        encoding: "utf8",
      });
      if (done.status !== 0 || Number(done.stdout) === 0) {
        throw new Error(
          `no connection was cut (${done.stderr.trim() || "there is none"}); where the kernel forbids it, set ` +
            "kernel.yama.ptrace_scope to 0 or run the drill as root",
        );
      }
      return null;
    },
  };
}

export function hangStrike(dataDir: string, name: string, archive: string): Strike {
  const mount = mountOf(archive);
  if (mount === null || !mount.type.startsWith("fuse")) {
    return cannot(
      `the archive ${archive} lies on ${mount?.type ?? "nothing known"}, which only root can make hang; over sshfs, ` +
        "rclone or another mount in user space (FUSE) of the same user it is possible",
    );
  }
  const server = fuseServerOf(mount);
  if (server === null) {
    return cannot(
      `no process of this user serves ${mount.path}: run the drill as the user who mounted it`,
    );
  }
  return freezeStrike(dataDir, { name }, [{ name: `the server of ${mount.path}`, ...server }]);
}

/** Fills a small disk of its own; on another disk it limits the file size of one process. */
export function fullStrike(dataDir: string, name: string, one: Struck): Strike {
  const isOwn = statSync(dataDir).dev !== statSync("/").dev;
  const ballast = join(dataDir, BALLAST);
  if (isOwn && mayBeFilled(statfsSync(dataDir), mountOf(dataDir)?.type ?? "")) {
    return {
      kind: "can",
      how: `${ballast} takes all the space that is left`,
      strike: () => inject(dataDir, { name, undo: ["remove", ballast] }, () => fill(ballast)),
    };
  }
  const limit = fileSizeLimit(one.pid);
  const isThere = spawnSync("prlimit", ["--version"], { timeout: DROP_MS_MAX }).status === 0;
  if (limit === null || !isThere) {
    return cannot(
      `${dataDir} is not a small disk of its own, and there is no prlimit (util-linux)`,
    );
  }
  return {
    kind: "can",
    how: `no file of ${one.name} can grow (by its file size limit, because ${dataDir} is not a small disk of its own)`,
    strike: () =>
      inject(
        dataDir,
        { name, undo: ["file-size", String(one.pid), String(one.ticks), ...limit] },
        () => setFileSize(one, `0:${limit[1]}`),
      ),
  };
}

/**
 * Judged by its total size, because a large disk that is almost full is in use by others. A disk without a size is
 * unlimited.
 */
export function mayBeFilled(
  { blocks, bsize }: { readonly blocks: number; readonly bsize: number },
  type: string,
): boolean {
  const bytes = blocks * bsize;
  return 0 < bytes && bytes <= (IN_RAM.has(type) ? RAM_BYTES_MAX : BALLAST_BYTES_MAX);
}

export function skewStrike(dataDir: string, name: string, one: Struck): Strike {
  const environment = readFileSync(`/proc/${one.pid}/environ`, "utf8").split("\0");
  const file = environment
    .find((entry) => entry.startsWith("SHIFTED_CLOCK="))
    ?.slice("SHIFTED_CLOCK=".length);
  if (file === undefined) {
    return cannot(
      "only root can set the clock, for the whole machine; a process has a clock of its own only if it " +
        "was started with it: build test/helpers/faults/shifted-clock.c, and start 'dolphin up' with LD_PRELOAD=<it> " +
        "and SHIFTED_CLOCK=<a file of 8 zero bytes>",
    );
  }
  return {
    kind: "can",
    how: `every process that was started with ${file} is ${SKEW_S} s ahead`,
    strike: () => inject(dataDir, { name, undo: ["clock", file] }, () => setClock(file)),
  };
}

function cannot(why: string): Strike {
  return { kind: "cannot", why };
}

function namesOf(these: readonly Struck[]): string {
  return these.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ");
}

function continueAll(these: readonly Struck[]): readonly string[] {
  return ["continue", ...these.flatMap(({ pid, ticks }) => [String(pid), String(ticks)])];
}

/** Only to this very process; one that has ended needs none. */
function signal({ pid, ticks }: Struck, name: NodeJS.Signals): void {
  if (!isProcessAlive(pid, ticks)) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

function fill(path: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, "a", 0o640);
  try {
    for (let bytes = CHUNK.length; 0 < bytes;) {
      try {
        writeSync(file, CHUNK, 0, bytes);
      } catch (error) {
        if (codeOf(error) !== "ENOSPC") throw error;
        // Less than this is left.
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Soft and hard limit, as prlimit takes them. */
function fileSizeLimit(pid: number): readonly [string, string] | null {
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  const [, soft, hard] = /^Max file size\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  return soft === undefined || hard === undefined ? null : [soft, hard];
}

function setFileSize({ pid, name }: Struck, limit: string): void {
  const args = ["--pid", String(pid), `--fsize=${limit}`];
  const done = spawnSync("prlimit", args, { timeout: DROP_MS_MAX, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`prlimit of ${name}: ${done.stderr.trim()}`);
}

function setClock(file: string): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(SKEW_S));
  const descriptor = openSync(file, "r+");
  try {
    writeSync(descriptor, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
