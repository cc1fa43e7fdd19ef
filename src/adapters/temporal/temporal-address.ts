/** Where Temporal is, and how to get in: Temporal's own environment configuration. */
import { loadClientConnectConfig } from "@temporalio/envconfig";
import type { ClientConnectConfig } from "@temporalio/envconfig";

export type TemporalAddress = {
  readonly address: string;
  readonly namespace: string;
  /** In the form for a worker's native connection; the client's options are derived from them. */
  readonly options: ClientConnectConfig["connectionOptions"];
};

const DEFAULT_ADDRESS = "localhost:7233";

/** Temporal's own environment configuration (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, its TOML file). */
export function temporalAddress(address?: string): TemporalAddress {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const found = address ?? connectionOptions.address ?? DEFAULT_ADDRESS;
  const options = { ...connectionOptions, address: found };
  return { address: found, namespace: namespace ?? "default", options };
}
