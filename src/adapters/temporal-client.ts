/** The Temporal client of every process: the server's address, whether it answers, and its search attributes. */
import { setTimeout as delay } from "node:timers/promises";
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from "@temporalio/client";
import { loadClientConnectConfig } from "@temporalio/envconfig";
import type { ClientConnectConfig } from "@temporalio/envconfig";
import { SEARCH_ATTRIBUTES } from "../workflows/names.ts";
import { monotonicMs } from "./clock.ts";

export type TemporalAddress = {
  readonly address: string;
  readonly namespace: string;
  /** In the form for a worker's native connection; the client's options are derived from them. */
  readonly options: ClientConnectConfig["connectionOptions"];
};
export type TemporalClient = {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: TemporalAddress;
  readonly close: () => Promise<void>;
};

const ANSWER_MS_MAX = 500;
/** temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD */
const KEYWORD = 2;
const DEFAULT_ADDRESS = "localhost:7233";
/** Also bounds how long a close has to wait. */
const RETRY_DELAY_MS_MAX = 1_000;
/** Timers have a resolution of whole milliseconds. */
const RETRY_MARGIN_MS = 5;
/** After an outage the next try comes within a second, not within gRPC's two minutes. */
const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
};

/** Temporal's own environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, its TOML file). */
export function temporalAddress(address?: string): TemporalAddress {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const found = address ?? connectionOptions.address ?? DEFAULT_ADDRESS;
  const options = { ...connectionOptions, address: found };
  return { address: found, namespace: namespace ?? "default", options };
}

/** Connects at the first call; a server that is away costs nothing until then. */
export function connectTemporal(address?: string): TemporalClient {
  const found = temporalAddress(address);
  const { address: target, tls, apiKey, metadata } = found.options;
  const retries = createRetries();
  const connection = Connection.lazy({
    ...(target === undefined ? {} : { address: target }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    channelArgs: RECONNECT,
    interceptors: [retries.interceptor],
  });
  const client = new Client({ connection, namespace: found.namespace });
  const close = async () => {
    await retries.end();
    await connection.close();
  };
  return { client, connection, address: found, close };
}

/**
 * Temporal's own retries, except those that would come due on a closed connection: their timer would throw "Channel
 * has been shut down" where nobody can catch it, and end the process.
 */
function createRetries() {
  const usual = defaultGrpcRetryOptions();
  let isEnding = false;
  let lastDueMs = 0;
  const interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !isEnding && usual.retryableDecider(attempt, status),
    delayFunction(attempt, status) {
      const delayMs = Math.min(RETRY_DELAY_MS_MAX, usual.delayFunction(attempt, status));
      lastDueMs = Math.max(lastDueMs, monotonicMs() + delayMs);
      return delayMs;
    },
  });
  return {
    interceptor,
    /** Resolves when no retry is pending. */
    async end(): Promise<void> {
      isEnding = true;
      const waitMs = lastDueMs - monotonicMs();
      if (0 < waitMs) await delay(waitMs + RETRY_MARGIN_MS);
    },
  };
}

/** Whether the server answers; by default within half a second, enough on a warm connection. */
export async function temporalAnswers(
  { connection }: TemporalClient,
  withinMs: number = ANSWER_MS_MAX,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + withinMs, () =>
      connection.workflowService.getSystemInfo({}),
    );
    return true;
  } catch {
    return false;
  }
}

/** Whether the server knows our search attributes: an upsert of an unknown one blocks a workflow. */
export async function hasSearchAttributes(temporal: TemporalClient): Promise<boolean> {
  return (await missingSearchAttributes(temporal)).length === 0;
}

/** Idempotent; returns the names that were missing. */
export async function addSearchAttributes(temporal: TemporalClient): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(temporal);
  if (0 < missing.length) {
    await temporal.connection.operatorService.addSearchAttributes({
      namespace: temporal.address.namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  }
  return missing;
}

async function missingSearchAttributes(temporal: TemporalClient): Promise<readonly string[]> {
  const { namespace } = temporal.address;
  const known = await temporal.connection.operatorService.listSearchAttributes({ namespace });
  return SEARCH_ATTRIBUTES.filter((name) => !(name in known.customAttributes));
}
