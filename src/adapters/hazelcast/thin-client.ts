/**
 * A minimal client that can only put texts into maps of a Hazelcast member and get them: some hundred lines of its open
 * binary protocol (5.x) in place of a client that takes 8 to 17 MB. Every call has a deadline; a failed connection is
 * re-established at the next call.
 */
import { connect, type Socket } from "node:net";
import type { FOREIGN } from "./foreign.ts";
import {
  authentication,
  AUTHENTICATED,
  FrameReader,
  mapGet,
  mapSet,
  type ClientMessage,
} from "./thin-frames.ts";
import { atDeadline } from "./under-deadline.ts";

export type ThinOptions = {
  /** `host:port` */
  readonly address: string;
  readonly cluster: string;
  /** Prefix of all our names there; absent: none. */
  readonly prefix?: string | null;
  readonly name: string;
  readonly deadlineMs: number;
};

export type ThinClient = {
  /** @throws {Error} with a sentence when it was not accepted in time. */
  set(map: string, key: string, text: string): Promise<void>;
  /** Null where there is no value. @throws {Error} as above. */
  get(map: string, key: string): Promise<string | null | typeof FOREIGN>;
  close(): void;
};

type Waiting = {
  readonly resolve: (message: ClientMessage) => void;
  readonly reject: (why: Error) => void;
};
type Connection = {
  readonly ask: (frames: (correlation: number) => Buffer) => Promise<ClientMessage>;
  readonly partitions: number;
  readonly isOpen: () => boolean;
  readonly end: () => void;
};

export function createThinClient(options: ThinOptions): ThinClient {
  const prefix = options.prefix ?? "";
  let current: Promise<Connection> | null = null;
  const connected = async (): Promise<Connection> => {
    const tried = current;
    const known = await (tried ?? Promise.resolve(null)).catch(() => null);
    if (known?.isOpen() === true) return known;
    // Another call may have begun one meanwhile: a second would stay open, and nobody would end it.
    if (current === tried || current === null) current = open(options);
    return current;
  };
  return {
    async set(map, key, text) {
      const connection = await connected();
      const { ask, partitions } = connection;
      await ask((correlation) => mapSet({ correlation, partitions, map: prefix + map, key, text }));
    },
    async get(map, key) {
      const { ask, partitions } = await connected();
      const about = { partitions, map: prefix + map, key };
      return (await ask((correlation) => mapGet({ ...about, correlation }))).value();
    },
    close() {
      void current?.then(
        (connection) => connection.end(),
        () => undefined,
      );
    },
  };
}

async function open({ address, cluster, name, deadlineMs }: ThinOptions): Promise<Connection> {
  const at = address.lastIndexOf(":");
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  socket.setNoDelay(true);
  const waiting = new Map<number, Waiting>();
  const asker = askerOn(socket, waiting, deadlineMs);
  const fail = (why: Error): void => {
    for (const one of waiting.values()) one.reject(why);
    waiting.clear();
    socket.destroy();
  };
  const reader = new FrameReader((message) => {
    const one = waiting.get(message.correlation);
    waiting.delete(message.correlation);
    if (message.isError) one?.reject(new Error(`Hazelcast refused: ${message.problem()}`));
    else one?.resolve(message);
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error(`${address} closed the connection`)));
  socket.on("data", (chunk) => {
    try {
      reader.push(chunk);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.write("CP2");
  try {
    const reply = await asker((correlation) => authentication({ correlation, cluster, name }));
    const { status, partitions } = reply.authenticated();
    if (status !== AUTHENTICATED) {
      throw new Error(`${address} is not a member of cluster ${cluster} (status ${status})`);
    }
    const end = () => socket.destroy();
    return { ask: asker, partitions, isOpen: () => socket.writable, end };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function askerOn(socket: Socket, waiting: Map<number, Waiting>, deadlineMs: number) {
  let last = 0;
  return async (frames: (correlation: number) => Buffer): Promise<ClientMessage> => {
    last += 1;
    const correlation = last;
    return new Promise<ClientMessage>((resolve, reject) => {
      const cancel = atDeadline(deadlineMs, () => {
        waiting.delete(correlation);
        // An answer after its deadline belongs to no call.
        socket.destroy();
        reject(new Error(`Hazelcast did not answer in ${deadlineMs} ms`));
      });
      waiting.set(correlation, {
        resolve(message) {
          cancel();
          resolve(message);
        },
        reject(why) {
          cancel();
          reject(why);
        },
      });
      socket.write(frames(correlation));
    });
  };
}
