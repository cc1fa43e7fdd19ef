/**
 * A service's local socket, below the data directory and for its owner only: one JSON line is asked,
 * one is answered. It works while every server is away.
 */
import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";

export type ControlServer = { close(): void };

const CONNECTIONS_MAX = 32;
const IDLE_MS = 30_000;
/** Linux takes 107 bytes; a longer path is reached through a descriptor of its folder. */
const PATH_BYTES_MAX = 100;

export function controlSocketPath(dataDir: string, service: string): string {
  return join(dataDir, "control", `${service}.sock`);
}

/** Takes the place of a socket that a killed process left: the caller knows that it is the only one. */
export async function serveControl(
  path: string,
  limits: { readonly requestCharsMax: number },
  answer: (line: string) => Promise<string>,
): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    readLines(socket, limits.requestCharsMax, (line) => {
      answer(line).then(
        (text) => socket.write(`${text}\n`),
        () => socket.destroy(),
      );
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  const address = reachable(path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address.path, resolve);
    });
    chmodSync(path, 0o600);
  } finally {
    address.release();
  }
  return {
    close() {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

/** @throws {Error} ENOENT or ECONNREFUSED when nobody serves there, a sentence when nobody answers. */
export async function askControl(
  path: string,
  request: string,
  limits: { readonly withinMs: number; readonly answerCharsMax: number },
): Promise<string> {
  const address = reachable(path);
  try {
    return await new Promise<string>((resolve, reject) => {
      const socket = connect(address.path);
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

/** Ends a connection whose line is longer than the limit. */
function readLines(socket: Socket, charsMax: number, take: (line: string) => void): void {
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

function reachable(path: string): { readonly path: string; release(): void } {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, release() {} };
  const folder = openSync(dirname(path), "r");
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    release: () => closeSync(folder),
  };
}
