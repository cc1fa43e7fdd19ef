/** Opens what a status is read from; the connections are made on first need and kept for the next reading. */
import type { SystemStatus } from "../../wire/system-status.ts";
import { connectHazelcast } from "../hazelcast/hazelcast-client.ts";
import { connectTemporal } from "../temporal-client.ts";
import { CALL_DEADLINE_MS, readStatus, type StatusSources } from "./status-reader.ts";

export type StatusReader = {
  read(): Promise<SystemStatus>;
  close(): Promise<void>;
};

export type StatusOptions = Omit<StatusSources, "temporal" | "hazelcast"> & {
  /** Undefined: Temporal's own environment configuration decides. */
  readonly temporalAddress: string | undefined;
  readonly hazelcast: { readonly address: string; readonly cluster: string };
};

export async function openStatus(options: StatusOptions): Promise<StatusReader> {
  const temporal = connectTemporal(options.temporalAddress);
  const handle = await connectHazelcast({
    ...options.hazelcast,
    name: "dolphin-status",
    deadlineMs: CALL_DEADLINE_MS,
  });
  const sources: StatusSources = {
    ...options,
    temporal: { client: temporal.client, address: temporal.address.address },
    hazelcast: { handle, address: options.hazelcast.address },
  };
  const asked = new Set<Promise<unknown>>();
  return {
    read: () =>
      readStatus(sources, (question) => {
        asked.add(question);
        const forget = () => asked.delete(question);
        question.then(forget, forget);
      }),
    close: async () => {
      // The client's retry timer throws, where nobody can catch it, on a connection that was closed.
      await Promise.allSettled(asked);
      await Promise.allSettled([handle.shutdown(), temporal.close()]);
    },
  };
}
