/**
 * Opens Temporal for a process that only looks: by the thin calls where the server is reached in the clear, else by the SDK, which
 * knows TLS, API keys, metadata and proxies. Invariant: what the environment configures is never left out.
 */
import { isOnLoopback } from "../../domain/loopback.ts";
import { openSdk } from "./open-sdk.ts";
import { temporalAddress, type TemporalAddress } from "./temporal-address.ts";
import { type TemporalReads, temporalReads } from "./temporal-reads.ts";
import { createThinCalls } from "./thin/thin-calls.ts";

export type OpenReads = {
  readonly reads: TemporalReads;
  /** Of which the calls are made; `thin` where TLS, keys and the like are not configured. */
  readonly transport: "thin" | "sdk";
  readonly address: TemporalAddress;
  close(): Promise<void>;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment variables of proxies that the SDK's transport uses. */
const PROXIES = ["grpc_proxy", "https_proxy", "http_proxy"];
const HOST_AND_PORT = /^([a-z0-9._-]+|\[[0-9a-f:]+\]):\d{1,5}$/i;

/** Connects at the first call. */
export async function openTemporalReads(of: {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly address: string | undefined;
  readonly env: Environment;
  readonly deadlineMs: number;
}): Promise<OpenReads> {
  const found = temporalAddress(of.address);
  const { address, namespace } = found;
  if (isPlainConnection(found, of.env)) {
    const calls = createThinCalls({ address, namespace, deadlineMs: of.deadlineMs });
    const reads = temporalReads(namespace, (one) => calls.call(one));
    return { reads, transport: "thin", address: found, close: async () => calls.close() };
  }
  const { connection, close } = await openSdk(of.address);
  const { sdkCalls } = await import("./sdk-calls.ts");
  const reads = temporalReads(namespace, sdkCalls(connection, namespace, of.deadlineMs));
  return { reads, transport: "sdk", address: found, close };
}

/** Whether the server is reached in the clear, directly, at a host and a port. */
export function isPlainConnection(
  { address, options }: TemporalAddress,
  env: Environment,
): boolean {
  const { tls, apiKey, metadata } = options;
  return (
    (tls === undefined || tls === false) &&
    apiKey === undefined &&
    Object.keys(metadata ?? {}).length === 0 &&
    // None of our processes asks a proxy for this machine.
    (isOnLoopback(address) || PROXIES.every((name) => !env[name])) &&
    HOST_AND_PORT.test(address)
  );
}
