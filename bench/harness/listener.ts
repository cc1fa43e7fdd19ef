/** Starts the consumer process and reads its records. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** `atUs` is on the monotonic clock that all processes of the machine share. */
export type SeenScan = {
  readonly atUs: number;
  readonly scanNumber: number;
  /** 0 where the bridge numbers nothing, as the peer. */
  readonly seq: number;
  readonly epoch: number;
};
export type ListenerRequest = "collect" | "clear" | "reset";
export type ListenerReply = { readonly seen: readonly SeenScan[] };

export type Listener = {
  readonly collect: () => Promise<readonly SeenScan[]>;
  /** Forgets what it has seen. */
  readonly clear: () => Promise<void>;
  /** Forgets what it has seen, and deletes everything that a bridge stores in the cluster. */
  readonly reset: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startListener(at: {
  readonly address: string;
  readonly cluster: string;
  readonly map: string;
}): Promise<Listener> {
  const child = fork(join(import.meta.dirname, "listener-process.ts"), [
    at.address,
    at.cluster,
    at.map,
  ]);
  await once(child, "message");
  const ask = async (request: ListenerRequest): Promise<readonly SeenScan[]> => {
    const answered = once(child, "message");
    child.send(request);
    const [reply]: ListenerReply[] = await answered;
    return reply!.seen;
  };
  return {
    collect: () => ask("collect"),
    clear: async () => void (await ask("clear")),
    reset: async () => void (await ask("reset")),
    stop: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

/** The machine's monotonic clock in microseconds, as the listener reads it. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}
