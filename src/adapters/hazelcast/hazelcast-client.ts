/**
 * A connection to the Hazelcast cluster on which every call has a deadline and which never gives up: while the
 * cluster is away calls fail at once, and the client reconnects by itself. It reads only texts: any other value is
 * returned as the constant FOREIGN.
 */
import { Client, type ILogger, LifecycleState, ReconnectMode } from "hazelcast-client";
import type { Configuration } from "../../wire/configuration.ts";
import { foldRepeats } from "./fold-repeats.ts";
import { keepNamesApart } from "./names-apart.ts";
import { readTextsOnly } from "./texts-only.ts";
import { underDeadline } from "./under-deadline.ts";

export type HazelcastOptions = {
  /** `host:port` of a member. */
  readonly address: string;
  readonly cluster: string;
  /** Prefix of all our names there; absent: none. */
  readonly prefix?: string | null;
  /** Shown in the member's log and its client list. */
  readonly name: string;
  readonly deadlineMs: number;
  readonly onLog?: ((level: "warn" | "error", message: string) => void) | undefined;
  /** Called after each connection and reconnection. */
  readonly onConnected?: (() => void) | undefined;
};

/** The cluster that section `hazelcast` of the configuration names. */
export function configuredCluster({
  address,
  cluster,
  prefix,
  deadline_ms: deadlineMs,
}: Configuration["hazelcast"]): Pick<
  HazelcastOptions,
  "address" | "cluster" | "prefix" | "deadlineMs"
> {
  return { address, cluster, prefix, deadlineMs };
}

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

/** Calls whose connection was lost end at this interval; the default of 100 ms wakes an idle process for nothing. */
const CLEANED_EVERY_MS = 500;
/** They are for Management Center, which nobody runs here, and read the machine's processors every 5 s. */
const NO_METRICS = { enabled: false };

/**
 * For TCP only: the client's timer also counts the time in which this process was not run, and on a busy machine one
 * second passed between the call and the look at its result, again and again. It delays no verdict: the kernel accepts
 * for a frozen member, which the heartbeat leaves, and where packets are lost the kernel asks again after 1 and 3 s.
 */
const CONNECT_MS_MAX = 5_000;

export async function connectHazelcast(options: HazelcastOptions): Promise<HazelcastHandle> {
  let connected = false;
  const waiters = new Set<() => void>();
  const log = foldRepeats(options.onLog ?? ignore);
  const client = await Client.newHazelcastClient({
    clusterName: options.cluster,
    instanceName: options.name,
    customLogger: loggerFrom(log.say),
    lifecycleListeners: [
      (state) => {
        if (state === LifecycleState.CONNECTED) {
          connected = true;
          for (const wake of waiters) wake();
          waiters.clear();
          options.onConnected?.();
        } else if (state === LifecycleState.DISCONNECTED) {
          connected = false;
          // Once per outage, so it is not folded with the client's repeated messages.
          options.onLog?.("warn", "the connection to the cluster is lost");
        }
      },
    ],
    network: { clusterMembers: [options.address], connectionTimeout: CONNECT_MS_MAX },
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
      "hazelcast.client.internal.clean.resources.millis": CLEANED_EVERY_MS,
    },
    metrics: NO_METRICS,
  });
  readTextsOnly(client);
  keepNamesApart(client, options.prefix ?? null);
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
    shutdown: async () => {
      await client.shutdown();
      log.flush();
    },
  };
}

function loggerFrom(say: (level: "warn" | "error", message: string) => void): ILogger {
  const at = (level: "warn" | "error") => (objectName: string, message: string) =>
    say(level, `${objectName}: ${message}`);
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
