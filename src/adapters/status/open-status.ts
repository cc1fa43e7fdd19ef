/** Opens what a status is read from; the connections are made on first need and kept for the next reading. */
import { Client, Connection } from "@temporalio/client";
import { loadClientConnectConfig } from "@temporalio/envconfig";
import type { SystemStatus } from "../../wire/system-status.ts";
import { connectHazelcast } from "../hazelcast/hazelcast-client.ts";
import { ANSWER_DEADLINE_MS, readStatus, type StatusSources } from "./status-reader.ts";

export type StatusReader = {
  read(): Promise<SystemStatus>;
  close(): Promise<void>;
};

export type StatusOptions = Omit<StatusSources, "temporal" | "hazelcast"> & {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
  readonly hazelcast: { readonly address: string; readonly cluster: string };
};

const TEMPORAL_ADDRESS_DEFAULT = "localhost:7233";

export async function openStatus(options: StatusOptions): Promise<StatusReader> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = options.temporalAddress ?? connectionOptions.address ?? TEMPORAL_ADDRESS_DEFAULT;
  const connection = Connection.lazy({ ...connectionOptions, address });
  const client = new Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
  const handle = await connectHazelcast({
    ...options.hazelcast,
    name: "dolphin-status",
    deadlineMs: ANSWER_DEADLINE_MS,
  });
  const sources: StatusSources = {
    ...options,
    temporal: { client, address },
    hazelcast: { handle, address: options.hazelcast.address },
  };
  return {
    read: () => readStatus(sources),
    close: async () => {
      await Promise.allSettled([handle.shutdown(), connection.close()]);
    },
  };
}
