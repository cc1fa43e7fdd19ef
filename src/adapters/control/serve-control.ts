/**
 * The server of a local socket, accessible to its owner only. Invariant: imports only Node's own modules, because
 * small processes serve one, too.
 */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { reachable, readLines } from "./ask-control.ts";

export type ControlServer = { close(): void };

const CONNECTIONS_MAX = 32;
/** Timeout of an idle connection; an answer may take longer. */
const IDLE_MS = 30_000;
/** Interval of the check whether the socket file still exists. */
const POLL_MS = 1_000;

/**
 * Replaces the socket of a killed process: the caller guarantees that it is the only one. Listens again when the path
 * was deleted or nobody listens on it: otherwise the service would stay unreachable.
 */
export async function serveControl(
  path: string,
  limits: { readonly requestCharsMax: number },
  /** The signal aborts when the client has disconnected. */
  answer: (line: string, gone: AbortSignal) => Promise<string>,
): Promise<ControlServer> {
  const hear = (socket: Socket): void => {
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    readLines(socket, limits.requestCharsMax, (line) => {
      socket.setTimeout(0);
      answer(line, gone.signal).then(
        (text) => socket.setTimeout(IDLE_MS).write(`${text}\n`),
        () => socket.destroy(),
      );
    });
  };
  let listening = await listenOn(path, hear);
  let isClosed = false;
  let isLooking = false;
  const poll = async (): Promise<void> => {
    const inode = inodeOf(path);
    if (inode !== null && (inode === listening.inode || (await isServed(path)))) return;
    if (isClosed) return;
    listening.server.close();
    listening = await listenOn(path, hear);
    if (isClosed) listening.server.close();
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    // A full disk may have room at the next check.
    void poll()
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }, POLL_MS);
  timer.unref();
  return {
    close() {
      isClosed = true;
      clearInterval(timer);
      listening.server.close();
      // A path with another inode belongs to another process, which continues.
      if (inodeOf(path) === listening.inode) rmSync(path, { force: true });
    },
  };
}

type Listening = { readonly server: Server; readonly inode: number | null };

/**
 * Binds under a temporary name first: a closing server deletes the name that it listened on, whoever owns that name
 * by then.
 */
async function listenOn(path: string, hear: (socket: Socket) => void): Promise<Listening> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  const made = `${path}.${process.pid}`;
  rmSync(made, { force: true });
  const server = createServer(hear);
  server.maxConnections = CONNECTIONS_MAX;
  const address = reachable(made);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(address.path, resolve);
    });
    chmodSync(made, 0o600);
    renameSync(made, path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    address.release();
  }
  return { server, inode: inodeOf(path) };
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Whether somebody accepts connections there: the path may belong to another process by now. */
async function isServed(path: string): Promise<boolean> {
  const address = reachable(path);
  try {
    return await new Promise<boolean>((resolve) => {
      const socket = connect(address.path);
      const tell = (isThere: boolean) => () => {
        socket.destroy();
        resolve(isThere);
      };
      socket.once("connect", tell(true));
      socket.once("error", tell(false));
    });
  } finally {
    address.release();
  }
}
