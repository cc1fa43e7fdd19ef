/** Temporal's SDK for a process that needs it seldom: loaded at the first call of this, 20 MB and 0.3 s. */
import type { TemporalClient } from "../temporal-client.ts";

/** `address`: undefined where Temporal's own environment configuration decides. */
export async function openSdk(address: string | undefined): Promise<TemporalClient> {
  const { provideLeanMessages } = await import("./lean-messages.ts");
  provideLeanMessages();
  const { connectTemporal } = await import("../temporal-client.ts");
  return connectTemporal(address);
}
