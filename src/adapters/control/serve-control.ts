/**
 * The answering side of a local socket, for its owner only.
 * Invariant: loads nothing but Node's own modules, for a process that is to stay small serves one, too.
 */
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { reachable, readLines } from "./ask-control.ts";

export type ControlServer = { close(): void };

const CONNECTIONS_MAX = 32;
/** Of a connection on which nothing is asked; an answer takes as long as it takes. */
const IDLE_MS = 30_000;
/** How long a socket that was deleted is missed. */
const LOOK_MS = 1_000;

/**
 * Takes the place of a socket that a killed process left: the caller knows that it is the only one.
 * Listens anew when the path is deleted, or leads to what nobody listens on: else the service would
 * run on unheard for good.
 */
export async function serveControl(
  path: string,
  limits: { readonly requestCharsMax: number },
  /** The signal is given when who asked has gone. */
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
  const look = async (): Promise<void> => {
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
    // A disk that is full now may have room at the next look.
    void look()
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  }, LOOK_MS);
  timer.unref();
  return {
    close() {
      isClosed = true;
      clearInterval(timer);
      listening.server.close();
      // What is not ours any more is another's, who goes on.
      if (inodeOf(path) === listening.inode) rmSync(path, { force: true });
    },
  };
}

type Listening = { readonly server: Server; readonly inode: number | null };

/** Under a name of its own first: a server that closes removes the name that it listened by, whoever has it then. */
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

/** Whether somebody takes connections there: what is not ours any more may be another's. */
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
