/**
 * A connection to the Hazelcast cluster on which every call has its own deadline and which never
 * gives up: while the cluster is away calls fail at once, and the client reconnects by itself.
 */
import { messageOf } from "../../domain/failure.ts";
import { Client, type ILogger, LifecycleState, ReconnectMode } from "hazelcast-client";

/** The cluster did not answer in time or is away; what the call did is unknown. */
export class HazelcastUnavailable extends Error {
  override readonly name = "HazelcastUnavailable";
}

export type HazelcastOptions = {
  /** `host:port` of a member. */
  readonly address: string;
  readonly cluster: string;
  /** Shown in the member's log and its client list. */
  readonly name: string;
  readonly deadlineMs: number;
  readonly onLog?: ((level: "warn" | "error", message: string) => void) | undefined;
  /** After each connection and reconnection. */
  readonly onConnected?: (() => void) | undefined;
};

export type HazelcastHandle = {
  readonly client: Client;
  /** False while the client is away from the cluster. */
  connected(): boolean;
  /** Runs one call under the deadline. @throws {HazelcastUnavailable} */
  call<T>(what: string, start: () => Promise<T>): Promise<T>;
  /** Resolves when connected; false after `waitMs`. */
  waitConnected(waitMs: number): Promise<boolean>;
  shutdown(): Promise<void>;
};

export async function connectHazelcast(options: HazelcastOptions): Promise<HazelcastHandle> {
  let connected = false;
  const waiters = new Set<() => void>();
  const client = await Client.newHazelcastClient({
    clusterName: options.cluster,
    instanceName: options.name,
    customLogger: loggerFrom(options.onLog),
    lifecycleListeners: [
      (state) => {
        if (state === LifecycleState.CONNECTED) {
          connected = true;
          for (const wake of waiters) wake();
          waiters.clear();
          options.onConnected?.();
        } else if (state === LifecycleState.DISCONNECTED) {
          connected = false;
        }
      },
    ],
    network: { clusterMembers: [options.address], connectionTimeout: 1_000 },
    connectionStrategy: {
      asyncStart: true,
      reconnectMode: ReconnectMode.ASYNC,
      connectionRetry: {
        initialBackoffMillis: 50,
        maxBackoffMillis: 500,
        multiplier: 1.5,
        jitter: 0.2,
        clusterConnectTimeoutMillis: -1,
      },
    },
    properties: {
      "hazelcast.client.heartbeat.interval": 1_000,
      "hazelcast.client.heartbeat.timeout": 5_000,
      "hazelcast.client.invocation.timeout.millis": options.deadlineMs,
      "hazelcast.client.invocation.retry.pause.millis": 50,
    },
  });
  return {
    client,
    connected: () => connected,
    call: (what, start) => underDeadline({ what, start, deadlineMs: options.deadlineMs }),
    waitConnected: (waitMs) =>
      connected
        ? Promise.resolve(true)
        : new Promise((resolve) => {
            const timer = setTimeout(() => {
              waiters.delete(wake);
              resolve(false);
            }, waitMs);
            const wake = () => {
              clearTimeout(timer);
              resolve(true);
            };
            waiters.add(wake);
          }),
    shutdown: () => client.shutdown(),
  };
}

async function underDeadline<T>(call: {
  readonly what: string;
  readonly start: () => Promise<T>;
  readonly deadlineMs: number;
}): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(
          new HazelcastUnavailable(`hazelcast: ${call.what}: no answer in ${call.deadlineMs} ms`),
        );
      }, call.deadlineMs);
      call.start().then(resolve, reject);
    });
  } catch (error) {
    if (error instanceof HazelcastUnavailable) throw error;
    throw new HazelcastUnavailable(`hazelcast: ${call.what}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function loggerFrom(onLog: HazelcastOptions["onLog"]): ILogger {
  const at = (level: "warn" | "error") => (objectName: string, message: string) =>
    onLog?.(level, `${objectName}: ${message}`);
  return {
    log: ignore,
    error: at("error"),
    warn: at("warn"),
    info: ignore,
    debug: ignore,
    trace: ignore,
  };
}

function ignore(): void {}
