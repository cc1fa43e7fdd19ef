/**
 * Separates our maps and ringbuffers from those of another system on the same cluster: every name that this client
 * uses gets the prefix. Done inside the client, so that no caller can forget it.
 */
import type { Client } from "hazelcast-client";

export function keepNamesApart(client: Client, prefix: string | null): void {
  if (prefix === null) return;
  const getMap = client.getMap.bind(client);
  const getRingbuffer = client.getRingbuffer.bind(client);
  client.getMap = (name) => getMap(prefix + name);
  client.getRingbuffer = (name) => getRingbuffer(prefix + name);
}
