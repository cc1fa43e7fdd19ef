/**
 * The client of a local socket: its path, and one request line for one answer line. Invariant: imports only Node's
 * own modules, because fast verbs load nothing else.
 */
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";

/** Linux allows 107 bytes; a longer path is reached through a descriptor of its folder. */
const PATH_BYTES_MAX = 100;

export function controlSocketPath(dataDir: string, service: string): string {
  return join(dataDir, "control", `${service}.sock`);
}

export type AskLimits = {
  readonly withinMs: number;
  readonly answerCharsMax: number;
  /** Aborts the request, so that an abandoned one does not keep the process alive. */
  readonly signal?: AbortSignal;
};

/** @throws {Error} ENOENT or ECONNREFUSED when nobody listens, a sentence when nobody answers. */
export async function askControl(
  path: string,
  request: string,
  limits: AskLimits,
): Promise<string> {
  const address = reachable(path);
  try {
    return await new Promise<string>((resolve, reject) => {
      const socket = connect({ path: address.path, signal: limits.signal });
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`no answer on ${path} in ${limits.withinMs} ms`));
      }, limits.withinMs);
      socket.on("error", reject);
      socket.on("close", () => {
        clearTimeout(timer);
        reject(new Error(`${path} was closed without an answer`));
      });
      readLines(socket, limits.answerCharsMax, (line) => {
        resolve(line);
        socket.destroy();
      });
      socket.write(`${request}\n`);
    });
  } finally {
    address.release();
  }
}

/** Closes a connection whose line exceeds the limit. */
export function readLines(socket: Socket, charsMax: number, take: (line: string) => void): void {
  let waiting = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    waiting += String(chunk);
    const lines = waiting.split("\n");
    waiting = lines.pop() ?? "";
    for (const line of [...lines, waiting]) {
      if (charsMax < line.length) {
        socket.destroy();
        return;
      }
    }
    for (const line of lines) take(line);
  });
}

export function reachable(path: string): { readonly path: string; release(): void } {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, release() {} };
  const folder = openSync(dirname(path), "r");
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    release: () => closeSync(folder),
  };
}
