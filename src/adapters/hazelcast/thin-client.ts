/**
 * A minimal client that can only put texts into maps of a Hazelcast member, get and hear them, and read a ringbuffer of them:
 * some hundred lines of its open binary protocol (5.x) in place of a client that takes 8 to 17 MB. Every call has a deadline;
 * a failed connection is re-established at the next call.
 */
import { connect, type Socket } from "node:net";
import {
  authentication,
  AUTHENTICATED,
  FrameReader,
  listenToKey,
  mapEntries,
  mapGet,
  mapSet,
  type ClientMessage,
  ringOldest,
  ringReadMany,
  ringReadOne,
  ringTail,
  type Value,
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
  /** Absent: nothing is heard. */
  readonly heard?: Heard;
};

/** Every write of one key, while there is a connection; none is made for it. */
export type Heard = {
  readonly map: string;
  readonly key: string;
  /** Each time that it is heard anew: what was written before may have been missed. */
  readonly onListening: () => void;
  readonly onValue: (value: Value) => void;
};

/** Sequences count from 0. @throws {Error} as its client. */
export type ThinRing = {
  /** -1: nothing was ever written. */
  tail(): Promise<number>;
  /** Of the oldest item that is left. */
  head(): Promise<number>;
  readOne(sequence: number): Promise<Value>;
  /** At least one, for which it waits, and at most `countMax`. */
  readMany(sequence: number, countMax: number): Promise<readonly Value[]>;
};

export type ThinClient = {
  /** @throws {Error} with a sentence when it was not accepted in time. */
  set(map: string, key: string, text: string): Promise<void>;
  /** Null where there is no value. @throws {Error} as above. */
  get(map: string, key: string): Promise<Value>;
  /** All entries: for small maps only. @throws {Error} as above. */
  entries(map: string): Promise<readonly (readonly [key: Value, value: Value])[]>;
  ring(name: string): ThinRing;
  /** The next call opens another connection. */
  close(): void;
};

type Waiting = {
  readonly resolve: (message: ClientMessage) => void;
  readonly reject: (why: Error) => void;
};
type Ask = (frames: (correlation: number) => Buffer) => Promise<ClientMessage>;
type Connection = {
  readonly ask: Ask;
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
  const asked = async (frames: (at: { correlation: number; partitions: number }) => Buffer) => {
    const { ask, partitions } = await connected();
    return ask((correlation) => frames({ correlation, partitions }));
  };
  return {
    async set(map, key, text) {
      await asked((at) => mapSet({ ...at, map: prefix + map, key, text }));
    },
    async get(map, key) {
      return (await asked((at) => mapGet({ ...at, map: prefix + map, key }))).value();
    },
    async entries(map) {
      const items = (await asked((at) => mapEntries({ ...at, map: prefix + map }))).items();
      return items.flatMap((key, at) => (at % 2 === 0 ? [[key, items[at + 1] ?? null]] : []));
    },
    ring(name) {
      const ring = prefix + name;
      return {
        tail: async () => (await asked((at) => ringTail({ ...at, ring }))).number(),
        head: async () => (await asked((at) => ringOldest({ ...at, ring }))).number(),
        readOne: async (sequence) =>
          (await asked((at) => ringReadOne({ ...at, ring, sequence }))).value(),
        readMany: async (sequence, countMax) =>
          (await asked((at) => ringReadMany({ ...at, ring, sequence, countMax }))).items(),
      };
    },
    close() {
      void current?.then(
        (connection) => connection.end(),
        () => undefined,
      );
    },
  };
}

async function open(options: ThinOptions): Promise<Connection> {
  const { address, cluster, name, deadlineMs, heard } = options;
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
    if (message.kind === "event") {
      heard?.onValue(message.written());
      return;
    }
    const one = waiting.get(message.correlation);
    waiting.delete(message.correlation);
    if (message.kind === "error") one?.reject(new Error(`Hazelcast refused: ${message.problem()}`));
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
    if (heard !== undefined) await listen(asker, options.prefix ?? "", heard);
    const end = () => socket.destroy();
    return { ask: asker, partitions, isOpen: () => socket.writable, end };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function listen(ask: Ask, prefix: string, { map, key, onListening }: Heard): Promise<void> {
  await ask((correlation) => listenToKey({ correlation, map: prefix + map, key }));
  onListening();
}

function askerOn(socket: Socket, waiting: Map<number, Waiting>, deadlineMs: number): Ask {
  let last = 0;
  return async (frames) => {
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
