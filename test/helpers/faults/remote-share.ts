/** A share on another machine, simulated by a FUSE file system that hangs, fails or is slow on command. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { findToolchain } from "../../../src/embedded/toolchain.ts";
import { spawnSync } from "../run-program.ts";

const PROGRAM = resolve(import.meta.dirname, "remote-file-system.py");

export type ShareOperation = "lookup" | "getattr" | "open" | "read" | "readdir";
export type RemoteShare = NonNullable<Awaited<ReturnType<typeof mountShare>>>;

/** `mount` shows the content of `backing`; null where this machine does not allow FUSE mounts. */
export async function mountShare(backing: string, mount: string) {
  for (const dir of [backing, mount]) mkdirSync(dir, { recursive: true });
  const server = spawn(findToolchain().python ?? "python3", [PROGRAM, backing, mount], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const heard = async () => !(await lines.next()).done;
  if (!(await heard().catch(() => false))) return null;
  const tell = async (line: string): Promise<void> => {
    server.stdin.write(`${line}\n`);
    if (!(await heard())) throw new Error("the share's server ended");
  };
  return {
    /** The next such operation does not return, and no operation after it, until `answer`. */
    hang: (operation: ShareOperation) => tell(`hang ${operation}`),
    /** Resolves once an operation hangs. */
    untilAsked: () => tell("asked"),
    slow: (operation: ShareOperation, ms: number) => tell(`slow ${operation} ${ms}`),
    fail: (operation: ShareOperation, errno: number, times: number) =>
      tell(`fail ${operation} ${errno} ${times}`),
    answer: () => tell("answer"),
    /** Not a single request is taken while it is frozen. */
    freeze: () => server.kill("SIGUSR1"),
    thaw: () => server.kill("SIGUSR2"),
    async unmount(): Promise<void> {
      spawnSync("umount", ["--lazy", mount]);
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    },
  };
}
