/** The Temporal client of every process: where the server is, whether it answers, what it must know of us. */
import { Client, Connection } from "@temporalio/client";
import { loadClientConnectConfig } from "@temporalio/envconfig";
import type { ClientConnectConfig } from "@temporalio/envconfig";
import { SEARCH_ATTRIBUTES } from "../workflows/names.ts";

export type TemporalAddress = {
  readonly address: string;
  readonly namespace: string;
  /** As the native connection of a worker takes them; the client's are made from them. */
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
  const connection = Connection.lazy({
    ...(target === undefined ? {} : { address: target }),
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    channelArgs: RECONNECT,
  });
  const client = new Client({ connection, namespace: found.namespace });
  return { client, connection, address: found, close: () => connection.close() };
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
